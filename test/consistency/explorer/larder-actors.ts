import {
  type Actor,
  append,
  type CachedValue,
  type Instance,
  type Mistake,
  replay,
  tailOf,
  voidKey,
  voidTag,
  type World,
} from './larder-world.js';

/** A step as one instance or one script in Redis takes it; gives the name of the next. `undefined`: not now. */
export type Action = (world: World, me: Actor, here: Instance) => string | undefined;

/** `getOrLoad` of an entry that carries one tag. */
export function readerProgram(isMistaken: (mistake: Mistake) => boolean): Record<string, Action> {
  const putInMemory = (here: Instance, me: Actor, value: number): void => {
    if (here.fence === me.mark || isMistaken('memory without fence')) here.memory = { value, epoch: here.epoch };
  };
  const flightToJoin = (world: World, me: Actor, here: Instance): number => {
    if (isMistaken('loads joined after an invalidation')) {
      return world.actors.findIndex(
        ({ instance, step, mark }) => instance === me.instance && mark !== undefined && step !== 'done',
      );
    }
    const epoch = here.flight === undefined ? undefined : (world.actors[here.flight]?.captureEpoch ?? here.epoch);
    return epoch === here.epoch ? (here.flight as number) : -1;
  };

  return {
    start(world, me, here) {
      if (here.rest === 'resting') {
        // Nothing was compared with the log since the rest began, so this read is promised all that was acknowledged before it.
        me.floor = world.acknowledged;
        if (isMistaken('memory served at rest')) return 'begin';
        here.rest = 'ending';
        return 'look';
      }
      me.floor = Math.min(here.heard, world.acknowledged);
      return here.rest === 'ending' ? 'await the end of the rest' : 'begin';
    },
    look(world, me, here) {
      me.tail = tailOf(world);
      if (!isMistaken('rest ended before the log is read')) return 'end the rest';
      here.rest = undefined;
      return 'begin';
    },
    'end the rest'(world, me, here) {
      replay(world, me.instance, me.tail as number, isMistaken('a log that may be empty'));
      here.rest = undefined;
      return 'begin';
    },
    'await the end of the rest': (_, __, here) => (here.rest === undefined ? 'begin' : undefined),
    begin(world, me, here) {
      if (here.memory?.epoch === here.epoch) return finish(world, me, here.memory.value);
      const flight = flightToJoin(world, me, here);
      if (flight >= 0) {
        me.joined = flight;
        return 'wait';
      }
      here.flight = world.actors.indexOf(me);
      me.mark = here.fence;
      return 'read';
    },
    /** The actor that is waited for ends the wait. */
    wait: () => undefined,
    read({ slot }, me) {
      me.reply = valueOf(slot);
      return 'judge';
    },
    judge(world, me, here) {
      if (me.reply && me.reply.tag !== here.known && me.fetchEpoch === undefined) {
        me.fetchEpoch = here.epoch;
        return 'askVersion';
      }
      if (me.reply && me.reply.tag === here.known) {
        putInMemory(here, me, me.reply.value);
        return finish(world, me, me.reply.value);
      }
      me.seen = me.reply;
      me.reply = undefined;
      return 'lease';
    },
    /** A read makes no version: an entry whose tag has none is invalid. */
    askVersion(world, me) {
      me.fetched = world.tag ?? (isMistaken('tag versions count up, missing is 0') ? '0' : undefined);
      return 'learnVersion';
    },
    learnVersion(_, me, here) {
      if (here.epoch === me.fetchEpoch && me.fetched !== undefined) learn(here, me.fetched);
      return 'judge';
    },
    /** The budget of the read is over: the flight begins, and its loader runs without a lease. */
    hedge(world, me, here) {
      here.flight = world.actors.indexOf(me);
      return 'capture';
    },
    lease(world, me) {
      const { slot } = world;
      if (slot?.lease !== undefined) return undefined;
      const present = valueOf(slot);
      if (present && !isSame(present, me.seen)) {
        me.reply = present;
        me.fetchEpoch = undefined;
        return 'judge';
      }
      me.token = isMistaken('token per client instead of per fill')
        ? `client ${me.instance}`
        : `fill ${world.actors.indexOf(me)}`;
      world.slot = { value: 0, tag: '', ...slot, lease: me.token };
      return isMistaken('tags captured after the load') ? 'load' : 'hold';
    },
    /** The version that Redis keeps for the load, made where there is none. The known one may have lapsed. */
    hold(world, me, here) {
      me.holdEpoch = here.epoch;
      here.known = undefined;
      world.tag ??= isMistaken('tag versions count up, missing is 0') ? '0' : `made for ${world.actors.indexOf(me)}`;
      me.fetched = world.tag;
      return 'learnHeld';
    },
    learnHeld(_, me, here) {
      if (here.epoch === me.holdEpoch) learn(here, me.fetched as string);
      return 'capture';
    },
    capture(_, me, here) {
      me.captured = here.known;
      me.captureEpoch = here.epoch;
      return me.value === undefined ? 'load' : 'fill';
    },
    load({ database }, me) {
      me.value = database;
      return me.captureEpoch === undefined ? 'hold' : 'fill';
    },
    fill(world, me, here) {
      const value = me.value as number;
      if (me.isHedged === true && me.token === undefined) {
        delete me.late;
        settle(world, me, value);
        return 'lateLease';
      }
      if (me.token === undefined || world.slot?.lease !== me.token) return finish(world, me, value);
      if (me.captured === undefined || me.captureEpoch !== here.epoch) {
        dropLease(world);
        return finish(world, me, value);
      }
      if (isMistaken('a fill makes a lost version again')) world.tag ??= me.captured;
      if (world.isTagBeside && world.tag !== me.captured) {
        dropLease(world);
        return finish(world, me, value);
      }
      world.slot = { value, tag: me.captured };
      return 'filled';
    },
    /** The callers have their value. A slot that is leased or filled belongs to another load. */
    lateLease(world, me) {
      if (world.slot !== undefined) return end(me);
      world.tag ??= `made late for ${world.actors.indexOf(me)}`;
      me.fetched = world.tag;
      me.token = `late fill ${world.actors.indexOf(me)}`;
      world.slot = { value: 0, tag: '', lease: me.token };
      return isMistaken('a late lease without the log') ? 'compare' : 'readLog';
    },
    readLog(world, me) {
      replay(world, me.instance, tailOf(world), isMistaken('a log that may be empty'));
      return 'compare';
    },
    compare(world, me, here) {
      if (here.fence === me.mark && here.epoch === me.captureEpoch) {
        me.captured ??= me.fetched;
        return 'lateFill';
      }
      if (world.slot?.lease === me.token) dropLease(world);
      return end(me);
    },
    lateFill(world, me, here) {
      if (world.slot?.lease !== me.token) return end(me);
      const isOutdated = world.isTagBeside && world.tag !== me.captured;
      if (isOutdated || me.captureEpoch !== here.epoch) dropLease(world);
      else {
        world.slot = { value: me.value as number, tag: me.captured as string };
        putInMemory(here, me, me.value as number);
      }
      return end(me);
    },
    filled(world, me, here) {
      if (me.captureEpoch === here.epoch) putInMemory(here, me, me.value as number);
      return finish(world, me, me.value as number);
    },
  };
}

/** The version that is known has not lapsed yet: Redis is not asked. */
export const useKnownVersion: Action = (_, __, { known }) => (known === undefined ? undefined : 'capture');

/** A reader that has waited too long for the lease of another one loads for itself and stores nothing. */
export const giveUpWaiting: Action = ({ slot }) => (slot?.lease === undefined ? undefined : 'capture');

/** Redis has read the slot, and its answer does not come within the budget. */
export const readLate: Action = ({ slot }, me) => {
  const late = valueOf(slot);
  if (late !== undefined) me.late = late;
  me.isHedged = true;
  return 'hedge';
};

/** It settles the flight if it is valid now, and the key was not invalidated since before the slot was asked for. */
export function lateAnswer(isMistaken: (mistake: Mistake) => boolean): Action {
  return (world, me, here) => {
    const late = me.late as CachedValue;
    delete me.late;
    const isFenced = here.fence !== me.mark && !isMistaken('a late answer without the fence of its read');
    // A version that is not known is asked for.
    return late.tag === (here.known ?? world.tag) && !isFenced ? finish(world, me, late.value) : me.step;
  };
}

/** A write to the source, then `delete` of the key or `invalidateTags` of its tag. */
export function writerProgram(
  operation: 'delete' | 'invalidateTags',
  isMistaken: (mistake: Mistake) => boolean,
): Record<string, Action> {
  const announcesFirst = isMistaken('announced before it is deleted');
  const voidHere = (here: Instance, version: string | undefined): void => {
    if (operation === 'delete') voidKey(here);
    else voidTag(here, version);
  };
  const announce = (world: World, me: Actor): void =>
    append(world, { source: me.instance, tag: me.fetched, version: me.value as number });

  return {
    start(world, me) {
      me.value = ++world.database;
      return 'voidHere';
    },
    voidHere(_, __, here) {
      voidHere(here, undefined);
      return announcesFirst ? 'announce' : 'invalidate';
    },
    invalidate(world, me) {
      if (operation === 'invalidateTags') {
        const next = isMistaken('tag versions count up, missing is 0')
          ? Number(world.tag ?? 0) + 1
          : `set with ${me.value}`;
        me.fetched = String(next);
        // A tag without a key gets none.
        if (world.tag !== undefined || isMistaken('tag versions count up, missing is 0')) world.tag = me.fetched;
        else if (isMistaken('a tag without a key is not announced')) return 'acknowledge';
      } else if (isMistaken('delete leaves the lease') && world.slot?.lease !== undefined) {
        world.slot.value = 0;
      } else {
        world.slot = undefined;
      }
      if (!announcesFirst) announce(world, me);
      return 'acknowledge';
    },
    announce(world, me) {
      announce(world, me);
      return 'invalidate';
    },
    acknowledge(world, me, here) {
      if (!isMistaken('own memory voided only before sending')) voidHere(here, me.fetched);
      const version = me.value as number;
      here.heard = Math.max(here.heard, version);
      world.acknowledged = Math.max(world.acknowledged, version);
      return end(me);
    },
  };
}

/** A version that Redis told. Where it is not the known one, a change was missed. */
function learn(here: Instance, version: string): void {
  if (here.known === undefined) here.known = version;
  else voidTag(here, version);
}

/** Gives the value to this reader and to the readers that joined it, and ends the read. */
function finish(world: World, me: Actor, value: number): string {
  settle(world, me, value);
  return end(me);
}

/** Gives the value to this reader and to the readers that joined it, and checks it against the promise to each. */
function settle(world: World, me: Actor, value: number): void {
  const index = world.actors.indexOf(me);
  const here = world.instances[me.instance] as Instance;
  if (here.flight === index) here.flight = undefined;
  for (const reader of [me, ...world.actors.filter(({ joined }) => joined === index)]) {
    const floor = reader.floor as number;
    if (value < floor) {
      world.staleRead = `reader ${world.actors.indexOf(reader) + 1} got version ${value}; version ${floor} was acknowledged before it began`;
    }
    if (reader !== me) end(reader);
  }
}

/** Removes facts that no longer matter, so that states which differ only in them are one. */
export function end(actor: Actor): string {
  const { instance } = actor;
  for (const key of Object.keys(actor)) delete actor[key as keyof Actor];
  Object.assign(actor, { instance, step: 'done' });
  return 'done';
}

/** The lease goes; a value it was taken on stays. */
export function dropLease(world: World): void {
  if (world.slot && world.slot.value > 0) world.slot.lease = undefined;
  else world.slot = undefined;
}

function valueOf(slot: World['slot']): CachedValue | undefined {
  return slot && slot.value > 0 ? { value: slot.value, tag: slot.tag } : undefined;
}

function isSame(present: CachedValue, seen: CachedValue | undefined): boolean {
  return present.value === seen?.value && present.tag === seen.tag;
}
