import { Injectable } from '@nestjs/common';

/** Counts stored values that are no response: forged or damaged ones. Each is a miss and is deleted. */
@Injectable()
export class UnreadableResponses {
  private readonly listeners = new Set<(cache: string) => void>();
  private total = 0;

  /** How many were found since the start. */
  get count(): number {
    return this.total;
  }

  /** Calls the listener with the name of the cache for each one that is found. Returns the function that unsubscribes. */
  onFound(listener: (cache: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  report(cache: string): void {
    this.total += 1;
    for (const listener of this.listeners) listener(cache);
  }
}
