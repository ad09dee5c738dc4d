/** Permission to write a key, for one writer at a time. */
export class KeyLocks {
  private readonly queues = new Map<number, { owner: number; grant: () => void }[]>();

  /** Calls `grant` when `owner` has the key. */
  acquire(key: number, owner: number, grant: () => void): void {
    const queue = this.queues.get(key) ?? [];
    this.queues.set(key, queue);
    queue.push({ owner, grant });
    if (queue.length === 1) grant();
  }

  release(key: number): void {
    const queue = this.queues.get(key);
    queue?.shift();
    if (queue !== undefined && queue.length > 0) queue[0]!.grant();
  }

  /** An owner is gone: it neither holds nor waits for anything. */
  forget(owner: number): void {
    for (const [key, queue] of this.queues) {
      const [holder] = queue;
      const left = queue.filter((waiting) => waiting.owner !== owner);
      this.queues.set(key, left);
      if (holder?.owner === owner && left.length > 0) left[0]!.grant();
    }
  }
}
