import type { Model, Step } from './explore.js';

/** An invalidation that waits in its writer's instance, is on its way, or is in the log. */
interface Numbered {
  /** The instance that invalidates. */
  source: number;
  /** Pieces of advice it had given by then. */
  advised: number;
  /** The write to the source of truth that it is about. */
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
  /** By instance: its last tombstones, and the content of its outbox. */
  advised: number[];
  outboxes: number[];
  /** Invalidations that have left and may run any time. */
  underWay: Numbered[];
  log: Numbered[];
  /** Announcements and advice on their way to the instance that is told. */
  inbox: { entry?: number; advice?: Numbered }[];
  /** How far the told instance has followed the log, its tombstones, and the newest write it has heard of. */
  position: number;
  suppressed: Numbered[];
  heard: number;
  faults: Partial<Record<AdviceFault, number>>;
  staleRead?: string;
}

export type AdviceFault = 'refuse' | 'time out' | 'lose message' | 'overtake' | 'say again';

/** Ways to get it wrong. */
export type AdviceMistake =
  | 'advice lifted by any invalidation'
  | 'advice lifted by an older one of its source'
  | 'advice of the last one in place of all'
  | 'a lease answers what is not believed';

/** Instances that invalidate, and the number of faults of each kind. */
export interface AdviceScenario {
  readonly writers: readonly number[];
  readonly fillers: number;
  readonly faults: World['faults'];
}

/**
 * Invalidations that Redis refuses: instances write and invalidate one key; Redis may refuse, or run what its caller has given
 * up. They tell the others and keep it in their outbox. Others fill the slot. One instance hears of it all, late or in part,
 * and reads.
 */
export function advice({ writers, fillers, faults }: AdviceScenario, mistake?: AdviceMistake): Model<World> {
  const instances = Math.max(...writers) + 1;
  const reader = (role: Reader['role']): Reader => ({ role, step: 'start', value: 0, floor: 0 });
  return {
    initial: {
      database: 1,
      writers: writers.map((instance) => ({ instance, step: 'write', version: 0 })),
      readers: [...Array.from({ length: fillers }, () => reader('filler')), reader('reader')],
      advised: new Array<number>(instances).fill(0),
      outboxes: new Array<number>(instances).fill(0),
      underWay: [],
      log: [],
      inbox: [],
      position: 0,
      suppressed: [],
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

function strike(world: World, fault: AdviceFault): boolean {
  const left = world.faults[fault] ?? 0;
  if (left === 0) return false;
  world.faults[fault] = left - 1;
  return true;
}

/** As Redis runs it. */
function invalidate(world: World, invalidation: Numbered): void {
  world.slot = undefined;
  world.log.push(invalidation);
  world.inbox.push({ entry: world.log.length });
  if (world.outboxes[invalidation.source] === invalidation.version) world.outboxes[invalidation.source] = 0;
}

/** Tells the others, and keeps it. */
function queue(world: World, source: number, version: number): void {
  world.outboxes[source] = version;
  world.inbox.push({ advice: { source, advised: ++world.advised[source]!, version } });
}

function writerSteps(index: number): Step<World>[] {
  const step = (label: string, isFault: boolean, run: (world: World, me: Writer) => boolean): Step<World> => ({
    label: `writer ${index + 1}: ${label}`,
    isFault,
    apply: (world) => run(world, world.writers[index]!),
  });
  const now = (world: World, { instance, version }: Writer): Numbered => ({
    source: instance,
    advised: world.advised[instance]!,
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
    label: `instance ${source}: sends what waits`,
    apply(world) {
      const version = world.outboxes[source]!;
      if (version === 0 || isSending(world, source)) return false;
      world.underWay.push({ source, advised: world.advised[source]!, version });
      return true;
    },
  };
}

function sayAgainStep(source: number): Step<World> {
  return {
    label: `instance ${source}: is asked, and says again what waits`,
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

function readerStep(index: number, mistake: AdviceMistake | undefined): Step<World> {
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
function read(world: World, me: Reader, mistake: AdviceMistake | undefined): boolean {
  const isBelieved = world.suppressed.length === 0 || mistake === 'a lease answers what is not believed';
  me.floor = world.heard;
  me.value = (isBelieved ? world.slot?.value : undefined) ?? world.database;
  me.step = 'done';
  if (me.value < me.floor) world.staleRead = `got version ${me.value} after it had heard of version ${me.floor}`;
  return true;
}

function hearSteps(mistake: AdviceMistake | undefined): Step<World>[] {
  const apply = (world: World, place: number): void => {
    const entry = world.log[place - 1]!;
    world.suppressed = world.suppressed.filter((known) => !isLifted(known, entry, mistake));
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
        if (message.advice === undefined) return true;
        const { source, version } = message.advice;
        const others = mistake === 'advice of the last one in place of all' ? [] : world.suppressed;
        world.suppressed = [...others.filter((known) => known.source !== source), message.advice];
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

function isLifted(known: Numbered, by: Numbered, mistake: AdviceMistake | undefined): boolean {
  if (mistake === 'advice lifted by any invalidation') return true;
  if (known.source !== by.source) return false;
  return mistake === 'advice lifted by an older one of its source' || by.advised >= known.advised;
}
