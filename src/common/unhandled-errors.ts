import { Logger } from '@nestjs/common';

/** Rejected promises nobody handled, in this process. */
export const unhandledErrors = { count: 0 };

/** Keeps the process up when a promise is rejected unnoticed: the request that caused it fails, the others do not. Each is logged and counted. */
export function surviveUnhandledRejections(): void {
  const logger = new Logger('Unhandled');
  process.on('unhandledRejection', (reason) => {
    unhandledErrors.count += 1;
    logger.error(reason instanceof Error ? reason : new Error(String(reason)));
  });
}
