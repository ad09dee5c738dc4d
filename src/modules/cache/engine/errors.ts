/** The loader took longer than `hardTimeoutMs`; it goes on in the background and its result is stored if still valid. */
export class LoadTimeoutError extends Error {
  constructor(
    readonly key: string,
    readonly timeoutMs: number,
  ) {
    super(`Loading took longer than ${timeoutMs} ms.`);
    this.name = 'LoadTimeoutError';
  }
}
