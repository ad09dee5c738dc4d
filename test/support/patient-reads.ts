/**
 * Reads that wait for Redis longer than a service would. Several instances share one event loop and a busy machine in a
 * test, and a read that is given up is loaded again, which is what many tests count.
 */
export const PATIENT_READS: NodeJS.ProcessEnv = { REDIS_READ_BUDGET_MIN: '1s', REDIS_READ_BUDGET_MAX: '1s' };
