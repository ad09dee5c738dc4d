/** Keys in one script call at most: a script holds up every other client while it runs. */
export const MAX_SCRIPT_KEYS = 500;

/** Items of one partition, with their places in the list they came from. */
export interface PartitionGroup<T> {
  readonly items: T[];
  readonly indexes: number[];
}

/** How large a group may be. */
export interface GroupLimits<T> {
  readonly maxItems: number;
  /** A group has at most so many bytes, or one item. */
  readonly maxBytes?: number;
  readonly bytesOf?: ((item: T) => number) | undefined;
}

/** Groups items by partition, since a command or script may touch one hash slot only, within the limits. */
export function byPartition<T>(
  items: readonly T[],
  partitionOf: (item: T) => number,
  { maxItems, maxBytes = Number.POSITIVE_INFINITY, bytesOf = () => 0 }: GroupLimits<T>,
): PartitionGroup<T>[] {
  const open = new Map<number, { group: PartitionGroup<T>; bytes: number }>();
  const groups: PartitionGroup<T>[] = [];
  items.forEach((item, index) => {
    const partition = partitionOf(item);
    const bytes = bytesOf(item);
    let last = open.get(partition);
    if (last === undefined || last.group.items.length === maxItems || last.bytes + bytes > maxBytes) {
      last = { group: { items: [], indexes: [] }, bytes: 0 };
      open.set(partition, last);
      groups.push(last.group);
    }
    last.group.items.push(item);
    last.group.indexes.push(index);
    last.bytes += bytes;
  });
  return groups;
}
