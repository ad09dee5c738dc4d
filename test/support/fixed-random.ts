/**
 * Makes `Math.random` return one number for as long as `run` takes.
 *
 * @returns the result of `run`.
 */
export async function withRandom<T>(value: number, run: () => Promise<T>): Promise<T> {
  const { random } = Math;
  Math.random = () => value;
  try {
    return await run();
  } finally {
    Math.random = random;
  }
}
