/** Keys in one script call at most: a script holds up every other client while it runs. */
export const MAX_SCRIPT_KEYS = 500;

/** Items of one partition, with their places in the list they came from. */
export interface PartitionGroup<T> {
  readonly items: T[];
  readonly indexes: number[];
}

/** Groups items by partition, since a command or script may touch one hash slot only, in groups of at most `maxSize`. */
export function byPartition<T>(
  items: readonly T[],
  partitionOf: (item: T) => number,
  maxSize: number,
): PartitionGroup<T>[] {
  const open = new Map<number, PartitionGroup<T>>();
  const groups: PartitionGroup<T>[] = [];
  items.forEach((item, index) => {
    const partition = partitionOf(item);
    let group = open.get(partition);
    if (group === undefined || group.items.length === maxSize) {
      group = { items: [], indexes: [] };
      open.set(partition, group);
      groups.push(group);
    }
    group.items.push(item);
    group.indexes.push(index);
  });
  return groups;
}
