/** Counts of one cache since start, all namespaces together. */
export class Counters {
  memoryHits = 0;
  redisHits = 0;
  staleHits = 0;
  misses = 0;
  fills = 0;
  fillsRejected = 0;

  get reads(): number {
    return this.memoryHits + this.redisHits + this.staleHits + this.misses;
  }
}
