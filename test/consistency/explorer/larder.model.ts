import type { Model, Step } from './explore.js';
import {
  type Action,
  dropLease,
  end,
  giveUpWaiting,
  lateAnswer,
  readLate,
  readerProgram,
  useKnownVersion,
  writerProgram,
} from './larder-actors.js';
import {
  type Actor,
  applyEntry,
  type Fault,
  flush,
  type Instance,
  type Mistake,
  replay,
  tailOf,
  type World,
} from './larder-world.js';

/** The readers, the writers, and the faults meanwhile. */
export interface Scenario {
  /** The instance of each reader. */
  readonly readers: readonly number[];
  /** The instance of each writer. */
  readonly writers: readonly number[];
  readonly operation: 'delete' | 'invalidateTags';
  /** How often each fault may strike, at any moment. */
  readonly faults?: Partial<Record<Fault, number>>;
  /** Whether the first version is in Redis and in the memory of the instances that know its tag. */
  readonly isWarm?: boolean;
  /** Instances that have to ask Redis for the tag's version first. */
  readonly unaware?: readonly number[];
  /** Whether the tag's key has expired already. */
  readonly isTagLost?: boolean;
  /** Whether the tag's key lies in another partition than the slot. */
  readonly isTagElsewhere?: boolean;
}

const FIRST_TAG = '0';

/**
 * Two instances with their memory tiers, one slot with its lease, one tag, the invalidation log and its announcements,
 * as `docs/architecture.md` describes them; with a mistake built in, or none.
 */
export function larder(scenario: Scenario, mistake?: Mistake): Model<World> {
  const isMistaken = (candidate: Mistake): boolean => candidate === mistake;
  const reader = readerProgram(isMistaken);
  const writer = writerProgram(scenario.operation, isMistaken);
  const readerCount = scenario.readers.length;

  const actorSteps = ({ step, instance, late }: Actor, index: number, lateLeft: number): Step<World>[] => {
    if (step === 'done') return [];
    const isReader = index < readerCount;
    const name = `${isReader ? `reader ${index + 1}` : `writer ${index - readerCount + 1}`} on ${instance}`;
    const action = (isReader ? reader : writer)[step] as Action;
    const steps = [{ label: `${name}: ${step}`, apply: (world: World) => advance(world, index, action) }];
    if (step === 'lease')
      steps.push({ label: `${name}: gives up waiting`, apply: (world) => advance(world, index, giveUpWaiting) });
    if (step === 'read' && lateLeft > 0)
      steps.push({
        label: `${name}: read, and the answer is late`,
        apply(world) {
          world.faults['late answer'] = lateLeft - 1;
          return advance(world, index, readLate);
        },
      });
    if (late !== undefined && step !== 'hedge')
      steps.push({
        label: `${name}: the late answer comes`,
        apply: (world) => advance(world, index, lateAnswer(isMistaken)),
      });
    if (step === 'hold')
      steps.push({
        label: `${name}: uses the known version`,
        apply: (world) => advance(world, index, useKnownVersion),
      });
    return steps;
  };

  return {
    initial: initialWorld(scenario, isMistaken('a log that may be empty')),
    steps: (world) => [
      ...world.actors.flatMap((actor, index) => actorSteps(actor, index, world.faults['late answer'] ?? 0)),
      ...world.instances.flatMap((_, index) => followSteps(index, isMistaken)),
      ...faultSteps(world, isMistaken('a log that may be empty')),
    ],
    violation(world, isSettled) {
      if (world.staleRead !== undefined) return world.staleRead;
      return isSettled ? staleForever(world) : undefined;
    },
  };
}

/** A value that nothing will remove any more, although a newer one was acknowledged. */
function staleForever({ slot, tag, acknowledged, instances }: World): string | undefined {
  if (slot && slot.tag === tag && slot.value > 0 && slot.value < acknowledged) {
    return `version ${slot.value} stays in Redis although version ${acknowledged} was acknowledged`;
  }
  for (const [index, { memory, epoch }] of instances.entries()) {
    if (memory && memory.epoch === epoch && memory.value < acknowledged) {
      return `version ${memory.value} stays in the memory of instance ${index} although version ${acknowledged} was acknowledged`;
    }
  }
  return undefined;
}

function initialWorld(scenario: Scenario, isLogEmpty: boolean): World {
  const { readers, writers, faults = {}, isWarm = false, unaware = [], isTagLost, isTagElsewhere } = scenario;
  return {
    database: 1,
    slot: isWarm ? { value: 1, tag: FIRST_TAG } : undefined,
    tag: isTagLost === true ? undefined : FIRST_TAG,
    isTagBeside: isTagElsewhere !== true,
    log: isLogEmpty ? [] : [{ id: 1, previous: 0, source: 0, version: 0 }],
    lastId: 1,
    instances: [0, 1].map((index) => ({
      memory: isWarm && !unaware.includes(index) ? { value: 1, epoch: 0 } : undefined,
      fence: 0,
      epoch: 0,
      known: unaware.includes(index) ? undefined : FIRST_TAG,
      position: isLogEmpty ? 0 : 1,
      inbox: [],
      heard: 0,
    })),
    actors: [...readers, ...writers].map((instance) => ({ instance, step: 'start' })),
    acknowledged: 0,
    faults,
  };
}

function advance(world: World, index: number, action: Action): boolean {
  const me = world.actors[index] as Actor;
  const next = action(world, me, world.instances[me.instance] as Instance);
  if (next === undefined) return false;
  me.step = next;
  return true;
}

/** An announcement arrives, or a heartbeat compares the log's end with the announcements that have arrived. */
function followSteps(index: number, isMistaken: (mistake: Mistake) => boolean): Step<World>[] {
  const receive: Step<World> = {
    label: `instance ${index}: receives an announcement`,
    apply(world) {
      const here = world.instances[index] as Instance;
      const entry = here.inbox.shift();
      if (!entry) return false;
      if (entry.id <= here.position) return true;
      applyEntry(here, index, entry);
      if (entry.previous === here.position) here.position = entry.id;
      return true;
    },
  };
  const beat: Step<World> = {
    label: `instance ${index}: compares its place with the log`,
    apply(world) {
      return replay(world, index, tailOf(world), isMistaken('a log that may be empty'));
    },
  };
  return isMistaken('no replay of missed messages') ? [receive] : [receive, beat];
}

function faultSteps({ faults, instances }: World, mayLogBeEmpty: boolean): Step<World>[] {
  const strike = (fault: Fault, label: string, hit: (world: World) => boolean): Step<World>[] => {
    const left = faults[fault] ?? 0;
    if (left === 0) return [];
    const apply = (world: World): boolean => {
      if (!hit(world)) return false;
      world.faults[fault] = left - 1;
      return true;
    };
    return [{ label, isFault: true, apply }];
  };
  return [
    ...strike('evict slot', 'Redis: evicts the slot', (world) => {
      const hadSlot = world.slot !== undefined;
      world.slot = undefined;
      return hadSlot;
    }),
    ...strike('lose tag', "Redis: the tag's key expires or is evicted", (world) => {
      const hadTag = world.tag !== undefined;
      world.tag = undefined;
      return hadTag;
    }),
    ...strike('lose log', 'Redis: evicts the log', (world) => world.log.splice(0).length > 0),
    ...strike('expire lease', 'Redis: the lease expires', (world) => {
      if (world.slot?.lease === undefined) return false;
      dropLease(world);
      return true;
    }),
    ...instances.flatMap((_, index) => [
      ...strike(
        'lose message',
        `instance ${index}: misses an announcement`,
        (world) => world.instances[index]?.inbox.shift() !== undefined,
      ),
      ...strike('rest', `instance ${index}: the heartbeat rests`, (world) => {
        const here = world.instances[index] as Instance;
        if (here.rest !== undefined) return false;
        here.rest = 'resting';
        return true;
      }),
      ...strike('restart', `instance ${index}: dies and starts anew`, (world) => restart(world, index, mayLogBeEmpty)),
    ]),
  ];
}

function restart(world: World, index: number, mayLogBeEmpty: boolean): boolean {
  const here = world.instances[index] as Instance;
  here.inbox = [];
  here.rest = undefined;
  flush(world, index, mayLogBeEmpty);
  for (const actor of world.actors) if (actor.instance === index) end(actor);
  return true;
}
