import type { Model, Step } from './explore.js';

/** The next step of a reader or writer, or that it is done. */
export type Next = string;
/** Atomic, as one command or one script in Redis is. `undefined`: it can't go on yet. */
export type Action = (world: World, me: Actor) => Next | undefined;
export type Program = Record<string, Action>;

export interface Actor {
  name: string;
  role: 'reader' | 'writer';
  step: Next;
  /** The newest version whose invalidation was acknowledged when this reader began. */
  floor: number;
  value: number;
  token: number;
}

export interface World {
  /** The version in the database. */
  database: number;
  /** The content of Redis; 0 is nothing. `value` is the version that was cached. */
  redis: Record<'value' | 'lock' | 'counter', number>;
  /** Writes that are on their way although their caller has stopped waiting. */
  ghosts: number[];
  acknowledged: number;
  staleRead: string;
  evictions: number;
  crashes: number;
  actors: Actor[];
}

/** One of the ways caches are commonly kept in step with their source. */
export interface Scheme {
  readonly name: string;
  readonly isSafe: boolean;
  readonly reader: Program;
  readonly writer: Program;
  readonly readers?: number;
  readonly writers?: number;
  /** How often Redis may evict one of these. */
  readonly evictions?: number;
  readonly evicted?: readonly (keyof World['redis'])[];
  /** How often a writer may die between two steps. */
  readonly crashes?: number;
  /** The writes that readers must see: those that were acknowledged, or also those whose writer died before it could invalidate. */
  readonly promise?: 'acknowledged' | 'committed';
}

/** The scheme with so many readers and writers, and every way Redis may evict and writers may die. */
export function cacheAside(scheme: Scheme): Model<World> {
  const { readers = 2, writers = 1, evictions = 0, evicted = [], crashes = 0, promise = 'acknowledged' } = scheme;
  const firstStep = { reader: Object.keys(scheme.reader)[0] as Next, writer: Object.keys(scheme.writer)[0] as Next };
  const actor = (role: Actor['role'], index: number): Actor => ({
    name: `${role} ${index + 1}`,
    role,
    step: firstStep[role],
    floor: 0,
    value: 0,
    token: index + 1,
  });
  return {
    initial: {
      database: 1,
      redis: { value: 0, lock: 0, counter: 0 },
      ghosts: [],
      acknowledged: 0,
      staleRead: '',
      evictions,
      crashes,
      actors: [
        ...Array.from({ length: readers }, (_, index) => actor('reader', index)),
        ...Array.from({ length: writers }, (_, index) => actor('writer', index)),
      ],
    },
    steps: (world) => [
      ...world.actors
        .filter(({ step }) => step !== 'done')
        .map((me) => actorStep(scheme, firstStep.reader, world.actors.indexOf(me), me)),
      ...world.ghosts.map((value, index) => ghostStep(value, index)),
      ...(world.evictions > 0 ? evicted.map(evictionStep) : []),
      ...(world.crashes > 0
        ? world.actors.flatMap(({ role }, index) => (role === 'writer' ? [crashStep(index)] : []))
        : []),
    ],
    violation({ staleRead, redis, acknowledged, database }, isSettled) {
      if (staleRead) return staleRead;
      const expected = promise === 'committed' ? database : acknowledged;
      return isSettled && redis.value > 0 && redis.value < expected
        ? `version ${redis.value} stays in the cache although version ${expected} was ${promise}`
        : undefined;
    },
  };
}

function actorStep(scheme: Scheme, firstRead: Next, index: number, { name, step, role }: Actor): Step<World> {
  return {
    label: `${name}: ${step}`,
    apply(world) {
      const me = world.actors[index] as Actor;
      if (step === firstRead) me.floor = world.acknowledged;
      const next = (scheme[role][step] as Action)(world, me);
      if (next === undefined) return false;
      me.step = next;
      if (role === 'reader' && next === 'done' && me.value < me.floor) {
        world.staleRead = `${name} got version ${me.value}; version ${me.floor} was acknowledged before it began`;
      }
      return true;
    },
  };
}

function ghostStep(value: number, index: number): Step<World> {
  return {
    label: `Redis: runs the put of version ${value}`,
    apply(world) {
      world.ghosts.splice(index, 1);
      world.redis.value = value;
      return true;
    },
  };
}

function evictionStep(key: keyof World['redis']): Step<World> {
  return {
    label: `Redis: evicts the ${key}`,
    isFault: true,
    apply(world) {
      if (world.redis[key] === 0) return false;
      world.redis[key] = 0;
      world.evictions--;
      return true;
    },
  };
}

function crashStep(index: number): Step<World> {
  return {
    label: 'writer: dies',
    isFault: true,
    apply(world) {
      const me = world.actors[index] as Actor;
      if (me.step === 'done') return false;
      me.step = 'done';
      world.crashes--;
      return true;
    },
  };
}
