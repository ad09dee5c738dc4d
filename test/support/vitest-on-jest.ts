/**
 * As much of Vitest as `@keyv/test-suite` uses, on Jest: its tests get `expect` from their argument.
 *
 * The type is Vitest's, which is not installed.
 */
export const vitestOnJest = {
  it: (title: string, run: (context: { expect: typeof expect }) => unknown) =>
    it(title, async () => void (await run({ expect }))),
  beforeEach: (run: () => Promise<void>) => beforeEach(run),
  afterEach: (run: () => Promise<void>) => afterEach(run),
} as never;
