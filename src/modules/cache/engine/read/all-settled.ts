/** Waits for all: one failure must not leave the others without a handler. */
export async function allSettledThenThrow(waits: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
