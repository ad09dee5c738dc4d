/**
 * A `clear()` under way, for one prefix. Until every old key is removed, a key counts as cleared unless it was written since
 * the clear began.
 */
export class ClearRun {
  /** Names written since the clear began: they are not removed, and may be read. */
  readonly written = new Set<string>();

  constructor(readonly prefix: string) {}

  /** Whether the name was there before the clear, as far as this instance knows. */
  hides(name: string): boolean {
    return name.startsWith(this.prefix) && !this.written.has(name);
  }
}
