import type { Action, Actor, Next, Program, Scheme, World } from './cache-aside.model.js';

const get: Action = ({ redis }, me) => (redis.value > 0 ? finish(me, redis.value) : 'load');
const getThen =
  (next: Next): Action =>
  ({ redis }, me) =>
    redis.value > 0 ? finish(me, redis.value) : next;
const loadThen =
  (next: Next): Action =>
  ({ database }, me) => {
    me.value = database;
    return next;
  };
const load = loadThen('set');
const set: Action = ({ redis }, me) => {
  redis.value = me.value;
  return finish(me, me.value);
};
const commitThen =
  (next: Next): Action =>
  (world, me) => {
    me.value = ++world.database;
    return next;
  };
const drop =
  (next: Next, ...keys: (keyof World['redis'])[]): Action =>
  ({ redis }) => {
    for (const key of keys) redis[key] = 0;
    return next;
  };
const acknowledge: Action = (world, me) => {
  world.acknowledged = Math.max(world.acknowledged, me.value);
  return 'done';
};
const writeThenDelete: Program = { write: commitThen('delete'), delete: drop('acknowledge', 'value'), acknowledge };

function finish(me: Actor, value: number): Next {
  me.value = value;
  return 'done';
}

/** Published schemes, most of which leave an old value in the cache for good. */
export const SCHEMES: readonly Scheme[] = [
  { name: 'delete after write, plain SET', isSafe: false, reader: { get, load, set }, writer: writeThenDelete },
  {
    name: 'SET NX',
    isSafe: false,
    reader: {
      get,
      load,
      set({ redis }, me) {
        if (redis.value === 0) redis.value = me.value;
        return finish(me, me.value);
      },
    },
    writer: writeThenDelete,
  },
  {
    name: 'loader mutex',
    isSafe: false,
    reader: {
      get: getThen('lock'),
      lock({ redis }, me) {
        if (redis.lock > 0) return undefined;
        redis.lock = me.token;
        return 'getAgain';
      },
      getAgain: ({ redis }, me) => {
        if (redis.value === 0) return 'load';
        me.value = redis.value;
        return 'unlock';
      },
      load,
      set({ redis }, me) {
        redis.value = me.value;
        return 'unlock';
      },
      unlock({ redis }, me) {
        redis.lock = 0;
        return finish(me, me.value);
      },
    },
    writer: writeThenDelete,
  },
  {
    name: 'set if newer, and DEL',
    isSafe: false,
    reader: {
      get,
      load,
      set({ redis }, me) {
        redis.value = Math.max(redis.value, me.value);
        return finish(me, me.value);
      },
    },
    writer: writeThenDelete,
  },
  {
    name: 'delete before write',
    isSafe: false,
    reader: { get, load, set },
    writer: { delete: drop('write', 'value'), write: commitThen('acknowledge'), acknowledge },
  },
  {
    name: 'delete before and after write',
    isSafe: false,
    reader: { get, load, set },
    writer: {
      deleteFirst: drop('write', 'value'),
      write: commitThen('delete'),
      delete: drop('acknowledge', 'value'),
      acknowledge,
    },
  },
  {
    name: 'write-through by two writers',
    isSafe: false,
    reader: { get, load, set },
    writers: 2,
    readers: 1,
    writer: {
      write: commitThen('put'),
      put({ redis }, me) {
        redis.value = me.value;
        return 'acknowledge';
      },
      acknowledge,
    },
  },
  ...counterSchemes(),
  {
    name: 'delete after write, writer dies in between',
    isSafe: false,
    promise: 'committed',
    crashes: 1,
    readers: 1,
    reader: { get, load, set },
    writer: writeThenDelete,
  },
  ...ghostSchemes(),
  {
    name: 'lease with a token per fill, voided by delete',
    isSafe: true,
    writers: 2,
    evictions: 2,
    evicted: ['value', 'lock'],
    reader: {
      get: getThen('lease'),
      lease({ redis }, me) {
        if (redis.value > 0) return finish(me, redis.value);
        if (redis.lock === 0) redis.lock = me.token;
        return 'load';
      },
      load,
      set({ redis }, me) {
        if (redis.lock === me.token) Object.assign(redis, { value: me.value, lock: 0 });
        return finish(me, me.value);
      },
    },
    writer: { write: commitThen('delete'), delete: drop('acknowledge', 'value', 'lock'), acknowledge },
  },
];

/** Compare-and-set on a counter that invalidations raise: safe as long as the counter is never lost. */
function counterSchemes(): Scheme[] {
  const scheme: Omit<Scheme, 'name' | 'isSafe'> = {
    reader: {
      get: getThen('capture'),
      capture({ redis }, me) {
        me.token = redis.counter;
        return 'load';
      },
      load,
      set({ redis }, me) {
        if (redis.counter === me.token) redis.value = me.value;
        return finish(me, me.value);
      },
    },
    writer: {
      write: commitThen('delete'),
      delete({ redis }) {
        redis.value = 0;
        redis.counter++;
        return 'acknowledge';
      },
      acknowledge,
    },
  };
  return [
    { ...scheme, name: 'counter of invalidations, never evicted', isSafe: true },
    { ...scheme, name: 'counter of invalidations, missing is 0', isSafe: false, evictions: 1, evicted: ['counter'] },
  ];
}

/** A put whose caller stopped waiting, and which runs in Redis later all the same. */
function ghostSchemes(): Scheme[] {
  const scheme = (timeOut: (world: World) => void): Omit<Scheme, 'name' | 'isSafe'> => ({
    reader: { get, load, set: (_, me) => finish(me, me.value) },
    writer: {
      write: commitThen('put'),
      put(world, me) {
        world.ghosts.push(me.value);
        return 'answer';
      },
      answer(world) {
        if (world.ghosts.length === 0) return 'acknowledge';
        timeOut(world);
        return 'writeAgain';
      },
      writeAgain: commitThen('delete'),
      delete: drop('acknowledge', 'value'),
      acknowledge,
    },
  });
  return [
    { ...scheme(() => undefined), name: 'put that timed out and runs later', isSafe: false },
    {
      ...scheme((world) => world.ghosts.splice(0)),
      name: 'put that timed out, with a deadline in Redis time',
      isSafe: true,
    },
  ];
}
