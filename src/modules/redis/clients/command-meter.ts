/** Counts the commands sent to Redis, by name, for metrics and an estimated bill. */
export class CommandMeter {
  private readonly counts = new Map<string, number>();
  private sum = 0;

  record(command: string): void {
    this.sum++;
    this.counts.set(command, (this.counts.get(command) ?? 0) + 1);
  }

  /** Commands since start. */
  get total(): number {
    return this.sum;
  }

  /** Commands since start by lower-case name. */
  byName(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts);
  }
}
