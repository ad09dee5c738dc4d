import type { Model, Step } from './explore.js';

/** An invalidation that waits in its writer's instance, is on its way, or is in the log. */
interface NumberedInvalidation {
  /** The instance that invalidates. */
  source: number;
  /** Tombstones that the instance had announced by then. */
  tombstoneSequence: number;
  /** The write to the source of truth that it belongs to. */
  version: number;
}

/** One write to the source of truth, and the invalidation after it. */
interface Writer {
  instance: number;
  step: 'write' | 'invalidate' | 'done';
  version: number;
}

/** `getOrLoad` somewhere: a fill under a lease, or a read on the instance that is told. */
interface Reader {
  role: 'filler' | 'reader';
  step: 'start' | 'load' | 'fill' | 'done';
  value: number;
  floor: number;
}

export interface World {
  database: number;
  /** A value, or a lease of the reader of that index. */
  slot?: { value?: number; lease?: number };
  writers: Writer[];
  readers: Reader[];
  /** By instance: the number of its announced tombstones, and the content of its outbox. */
  tombstoneSequences: number[];
  outboxes: number[];
  /** Invalidations that have left and may run any time. */
  underWay: NumberedInvalidation[];
  log: NumberedInvalidation[];
  /** Announcements and tombstones on their way to the instance that reads. */
  inbox: { entry?: number; tombstone?: NumberedInvalidation }[];
  /** How far the reading instance has followed the log, its tombstones, and the newest write it has heard of. */
  position: number;
  tombstones: NumberedInvalidation[];
  heard: number;
  faults: Partial<Record<TombstoneFault, number>>;
  staleRead?: string;
}

export type TombstoneFault = 'refuse' | 'time out' | 'lose message' | 'overtake' | 'say again';

/** Deliberate mistakes, each of which the exploration must find. */
export type TombstoneMistake =
  | 'a tombstone ended by any invalidation'
  | 'a tombstone ended by an older invalidation of its source'
  | 'only the last tombstone kept'
  | 'an entry served in spite of a tombstone';

/** Instances that invalidate, and the number of faults of each kind. */
export interface TombstoneScenario {
  readonly writers: readonly number[];
  readonly fillers: number;
  readonly faults: World['faults'];
}

/**
 * Invalidations that Redis refuses: instances write and invalidate one key. Redis may refuse an invalidation, or run it after
 * its caller gave up. The instance announces a tombstone and keeps the invalidation in its outbox. Other instances fill the
 * slot. One instance hears of everything, late or in part, and reads.
 */
export function tombstones({ writers, fillers, faults }: TombstoneScenario, mistake?: TombstoneMistake): Model<World> {
  const instances = Math.max(...writers) + 1;
  const reader = (role: Reader['role']): Reader => ({ role, step: 'start', value: 0, floor: 0 });
  return {
    initial: {
      database: 1,
      writers: writers.map((instance) => ({ instance, step: 'write', version: 0 })),
      readers: [...Array.from({ length: fillers }, () => reader('filler')), reader('reader')],
      tombstoneSequences: new Array<number>(instances).fill(0),
      outboxes: new Array<number>(instances).fill(0),
      underWay: [],
      log: [],
      inbox: [],
      position: 0,
      tombstones: [],
      heard: 0,
      faults,
    },
    steps: (world) => [
      ...world.writers.flatMap((_, index) => writerSteps(index)),
      ...world.outboxes.map((_, instance) => sendStep(instance)),
      ...world.outboxes.map((_, instance) => sayAgainStep(instance)),
      ...world.underWay.map((_, index) => arriveStep(index)),
      ...world.readers.map((_, index) => readerStep(index, mistake)),
      ...hearSteps(mistake),
    ],
    violation: ({ staleRead }) => staleRead,
  };
}

function strike(world: World, fault: TombstoneFault): boolean {
  const left = world.faults[fault] ?? 0;
  if (left === 0) return false;
  world.faults[fault] = left - 1;
  return true;
}

/** The invalidation as Redis runs it. */
function invalidate(world: World, invalidation: NumberedInvalidation): void {
  world.slot = undefined;
  world.log.push(invalidation);
  world.inbox.push({ entry: world.log.length });
  if (world.outboxes[invalidation.source] === invalidation.version) world.outboxes[invalidation.source] = 0;
}

/** Announces a tombstone, and keeps the invalidation in the outbox. */
function queue(world: World, source: number, version: number): void {
  world.outboxes[source] = version;
  world.inbox.push({ tombstone: { source, tombstoneSequence: ++world.tombstoneSequences[source]!, version } });
}

function writerSteps(index: number): Step<World>[] {
  const step = (label: string, isFault: boolean, run: (world: World, me: Writer) => boolean): Step<World> => ({
    label: `writer ${index + 1}: ${label}`,
    isFault,
    apply: (world) => run(world, world.writers[index]!),
  });
  const now = (world: World, { instance, version }: Writer): NumberedInvalidation => ({
    source: instance,
    tombstoneSequence: world.tombstoneSequences[instance]!,
    version,
  });
  return [
    step('writes', false, (world, me) => {
      if (me.step !== 'write') return false;
      me.version = ++world.database;
      me.step = 'invalidate';
      return true;
    }),
    step('invalidates', false, (world, me) => {
      if (me.step !== 'invalidate') return false;
      invalidate(world, now(world, me));
      me.step = 'done';
      return true;
    }),
    step('is refused', true, (world, me) => {
      if (me.step !== 'invalidate' || !strike(world, 'refuse')) return false;
      queue(world, me.instance, me.version);
      me.step = 'done';
      return true;
    }),
    step('gives up, and it may still run', true, (world, me) => {
      if (me.step !== 'invalidate' || !strike(world, 'time out')) return false;
      world.underWay.push(now(world, me));
      queue(world, me.instance, me.version);
      me.step = 'done';
      return true;
    }),
  ];
}

function sendStep(source: number): Step<World> {
  return {
    label: `instance ${source}: sends its outbox`,
    apply(world) {
      const version = world.outboxes[source]!;
      if (version === 0 || isSending(world, source)) return false;
      world.underWay.push({ source, tombstoneSequence: world.tombstoneSequences[source]!, version });
      return true;
    },
  };
}

function sayAgainStep(source: number): Step<World> {
  return {
    label: `instance ${source}: is asked, and announces its tombstone again`,
    isFault: true,
    apply(world) {
      const version = world.outboxes[source]!;
      if (version === 0 || isSending(world, source) || !strike(world, 'say again')) return false;
      queue(world, source, version);
      return true;
    },
  };
}

function isSending({ underWay, outboxes }: World, source: number): boolean {
  return underWay.some((sent) => sent.source === source && sent.version === outboxes[source]);
}

function arriveStep(index: number): Step<World> {
  return {
    label: `Redis: runs an invalidation that was sent`,
    apply(world) {
      const [sent] = world.underWay.splice(index, 1);
      invalidate(world, sent!);
      return true;
    },
  };
}

function readerStep(index: number, mistake: TombstoneMistake | undefined): Step<World> {
  return {
    label: `reader ${index + 1}`,
    apply(world) {
      const me = world.readers[index]!;
      if (me.step === 'start' && me.role === 'reader') return read(world, me, mistake);
      if (me.step === 'start') {
        if (world.slot !== undefined) return false;
        world.slot = { lease: index };
        me.step = 'load';
      } else if (me.step === 'load') {
        me.value = world.database;
        me.step = 'fill';
      } else if (me.step === 'fill') {
        if (world.slot?.lease === index) world.slot = { value: me.value };
        me.step = 'done';
      } else return false;
      return true;
    },
  };
}

/** In one step, since only the messages that it has heard before it begins matter. */
function read(world: World, me: Reader, mistake: TombstoneMistake | undefined): boolean {
  const isServable = world.tombstones.length === 0 || mistake === 'an entry served in spite of a tombstone';
  me.floor = world.heard;
  me.value = (isServable ? world.slot?.value : undefined) ?? world.database;
  me.step = 'done';
  if (me.value < me.floor) world.staleRead = `got version ${me.value} after it had heard of version ${me.floor}`;
  return true;
}

function hearSteps(mistake: TombstoneMistake | undefined): Step<World>[] {
  const apply = (world: World, place: number): void => {
    const entry = world.log[place - 1]!;
    world.tombstones = world.tombstones.filter((known) => !isEnded(known, entry, mistake));
    world.heard = Math.max(world.heard, entry.version);
    if (place === world.position + 1) world.position = place;
  };
  return [
    {
      label: 'the reading instance: hears a message',
      apply(world) {
        const message = world.inbox.shift();
        if (message === undefined) return false;
        if (message.entry !== undefined) apply(world, message.entry);
        if (message.tombstone === undefined) return true;
        const { source, version } = message.tombstone;
        const others = mistake === 'only the last tombstone kept' ? [] : world.tombstones;
        world.tombstones = [...others.filter((known) => known.source !== source), message.tombstone];
        world.heard = Math.max(world.heard, version);
        return true;
      },
    },
    {
      label: 'the reading instance: misses a message',
      isFault: true,
      apply: (world) => world.inbox.length > 0 && strike(world, 'lose message') && world.inbox.shift() !== undefined,
    },
    {
      label: 'the bus: lets the last message overtake',
      isFault: true,
      apply(world) {
        if (world.inbox.length < 2 || !strike(world, 'overtake')) return false;
        world.inbox.unshift(world.inbox.pop()!);
        return true;
      },
    },
    {
      label: 'the reading instance: reads the log',
      apply(world) {
        if (world.position === world.log.length) return false;
        while (world.position < world.log.length) apply(world, world.position + 1);
        return true;
      },
    },
  ];
}

function isEnded(
  known: NumberedInvalidation,
  by: NumberedInvalidation,
  mistake: TombstoneMistake | undefined,
): boolean {
  if (mistake === 'a tombstone ended by any invalidation') return true;
  if (known.source !== by.source) return false;
  return (
    mistake === 'a tombstone ended by an older invalidation of its source' ||
    by.tombstoneSequence >= known.tombstoneSequence
  );
}
