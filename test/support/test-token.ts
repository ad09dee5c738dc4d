/** `LARDER_TOKEN` of every service that tests start, unless a test says otherwise. */
export const TEST_TOKEN = 'token-of-the-service-in-tests';
