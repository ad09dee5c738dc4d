import { Logger } from '@nestjs/common';

/** Unhandled promise rejections of this process. */
export const unhandledErrors = { count: 0 };

/** Keeps the process running after an unhandled promise rejection: only the request that caused it fails. Each one is logged and counted. */
export function surviveUnhandledRejections(): void {
  const logger = new Logger('Unhandled');
  process.on('unhandledRejection', (reason) => {
    unhandledErrors.count += 1;
    logger.error(reason instanceof Error ? reason : new Error(String(reason)));
  });
}
