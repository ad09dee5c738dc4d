import { type TombstoneMistake, tombstones, type TombstoneScenario } from './tombstones.model.js';
import { cacheAside } from './cache-aside.model.js';
import { SCHEMES } from './cache-aside.schemes.js';
import { type Exploration, explore } from './explore.js';
import type { Mistake } from './larder-world.js';
import { larder, type Scenario } from './larder.model.js';

const [A, B] = [0, 1];

const SCENARIOS = {
  'a delete and two instances that fill, while the slot is evicted and its lease expires': {
    readers: [A, B],
    writers: [A],
    operation: 'delete',
    faults: { 'evict slot': 1, 'expire lease': 1 },
  },
  'a delete on the instance that reads': { readers: [A, A], writers: [A], operation: 'delete' },
  'a delete on another instance, heard of late or not at all': {
    readers: [A, A],
    writers: [B],
    operation: 'delete',
    faults: { 'lose message': 1 },
  },
  'two writers': { readers: [B], writers: [A, B], operation: 'delete' },
  'a delete of what is in memory, while messages and the log are lost': {
    readers: [B],
    writers: [A],
    operation: 'delete',
    isWarm: true,
    faults: { 'lose message': 1, 'lose log': 1 },
  },
  'an instance that dies at any moment': { readers: [A, B], writers: [A], operation: 'delete', faults: { restart: 1 } },
  'a tag invalidated while two instances fill': {
    readers: [A, B],
    writers: [A],
    operation: 'invalidateTags',
    unaware: [B],
  },
  'a tag invalidated on the instance that reads': { readers: [A, A], writers: [A], operation: 'invalidateTags' },
  'a delete of what is in memory, while the heartbeat rests and messages are lost': {
    readers: [B, B],
    writers: [A],
    operation: 'delete',
    isWarm: true,
    faults: { rest: 2, 'lose message': 1 },
  },
  'a tag invalidated while the heartbeat rests, and messages and the log are lost': {
    readers: [B],
    writers: [A],
    operation: 'invalidateTags',
    isWarm: true,
    faults: { rest: 1, 'lose message': 1, 'lose log': 1 },
  },
  'a delete on another instance, while Redis is late': {
    readers: [A, A],
    writers: [B],
    operation: 'delete',
    isWarm: true,
    unaware: [A],
    faults: { 'late answer': 1 },
  },
  'a delete while a load has no lease, because Redis is late': {
    readers: [A],
    writers: [B],
    operation: 'delete',
    faults: { 'late answer': 1, 'lose message': 1 },
  },
  'a tag invalidated while Redis is late': {
    readers: [A, B],
    writers: [B],
    operation: 'invalidateTags',
    isWarm: true,
    unaware: [A],
    faults: { 'late answer': 1 },
  },
  'a tag whose version is evicted': {
    readers: [B],
    writers: [A],
    operation: 'invalidateTags',
    isWarm: true,
    unaware: [B],
    faults: { 'lose tag': 1, 'lose message': 1 },
  },
  'a tag whose key expires again and again, while two instances fill': {
    readers: [A, B],
    writers: [A],
    operation: 'invalidateTags',
    unaware: [B],
    faults: { 'lose tag': 2 },
  },
  'a tag in another partition, whose key expires while two instances fill': {
    readers: [A, B],
    writers: [B],
    operation: 'invalidateTags',
    isTagElsewhere: true,
    faults: { 'lose tag': 2, 'lose message': 1 },
  },
  'an invalidation of a tag whose key has expired': {
    readers: [A, B],
    writers: [B],
    operation: 'invalidateTags',
    isWarm: true,
    isTagLost: true,
    faults: { 'lose message': 1 },
  },
  'two invalidations of a tag whose key expires': {
    readers: [B],
    writers: [A, B],
    operation: 'invalidateTags',
    isWarm: true,
    faults: { 'lose tag': 1 },
  },
} satisfies Record<string, Scenario>;

const MISTAKES: Record<Mistake, keyof typeof SCENARIOS> = {
  'token per client instead of per fill': 'a delete on the instance that reads',
  'delete leaves the lease': 'a delete and two instances that fill, while the slot is evicted and its lease expires',
  'memory without fence': 'a delete on another instance, heard of late or not at all',
  'announced before it is deleted': 'a delete of what is in memory, while messages and the log are lost',
  'no replay of missed messages': 'a delete on another instance, heard of late or not at all',
  'a log that may be empty': 'a delete of what is in memory, while messages and the log are lost',
  'loads joined after an invalidation': 'a delete on the instance that reads',
  'own memory voided only before sending': 'a delete on the instance that reads',
  'memory served at rest': 'a delete of what is in memory, while the heartbeat rests and messages are lost',
  'rest ended before the log is read': 'a delete of what is in memory, while the heartbeat rests and messages are lost',
  'a late answer without the fence of its read': 'a delete on another instance, while Redis is late',
  'a late lease without the log': 'a delete while a load has no lease, because Redis is late',
  'tags captured after the load': 'a tag invalidated while two instances fill',
  'tag versions count up, missing is 0': 'a tag whose version is evicted',
  'a fill makes a lost version again': 'a tag whose key expires again and again, while two instances fill',
  'a tag without a key is not announced': 'an invalidation of a tag whose key has expired',
};

const TOMBSTONE_SCENARIOS = {
  'refused, while an older invalidation is heard late': {
    writers: [A, A],
    fillers: 1,
    faults: { refuse: 1, 'lose message': 1 },
  },
  'given up and run all the same, and said again': {
    writers: [A, A],
    fillers: 1,
    faults: { refuse: 1, 'time out': 1, 'say again': 1 },
  },
  'refused to two, and heard out of order': { writers: [A, B], fillers: 1, faults: { refuse: 2, overtake: 1 } },
} satisfies Record<string, TombstoneScenario>;

const TOMBSTONE_MISTAKES: Record<TombstoneMistake, keyof typeof TOMBSTONE_SCENARIOS> = {
  'a tombstone ended by any invalidation': 'refused, while an older invalidation is heard late',
  'a tombstone ended by an older invalidation of its source': 'refused, while an older invalidation is heard late',
  'only the last tombstone kept': 'refused to two, and heard out of order',
  'an entry served in spite of a tombstone': 'refused, while an older invalidation is heard late',
};

function report(name: string, { states, transitions, violation }: Exploration): void {
  const result = violation
    ? `broken: ${violation.what}\n      ${violation.trace.join('\n      ')}`
    : 'safe in all of them';
  process.stdout.write(`  ${name}: ${states} states, ${transitions} transitions, ${result}\n`);
}

describe('every interleaving of published schemes', () => {
  it.each(SCHEMES)('$name (safe: $isSafe)', (scheme) => {
    const exploration = explore(cacheAside(scheme));
    report(scheme.name, exploration);
    expect(exploration.violation === undefined).toBe(scheme.isSafe);
  });
});

describe("every interleaving of this cache's protocol", () => {
  it.each(Object.entries(SCENARIOS))('%s: no stale read', (name, scenario) => {
    const exploration = explore(larder(scenario));
    report(name, exploration);
    expect(exploration.violation).toBeUndefined();
  });
});

describe('the protocol with one mistake in it', () => {
  it.each(Object.entries(MISTAKES))('%s: a stale read is found', (mistake, scenario) => {
    const exploration = explore(larder(SCENARIOS[scenario], mistake as Mistake));
    report(mistake, exploration);
    expect(exploration.violation).toBeDefined();
  });
});

describe('every interleaving of invalidations that could not be sent', () => {
  it.each(Object.entries(TOMBSTONE_SCENARIOS))('%s: no stale read', (name, scenario) => {
    const exploration = explore(tombstones(scenario));
    report(name, exploration);
    expect(exploration.violation).toBeUndefined();
  });

  it.each(Object.entries(TOMBSTONE_MISTAKES))('%s: a stale read is found', (mistake, scenario) => {
    const exploration = explore(tombstones(TOMBSTONE_SCENARIOS[scenario], mistake as TombstoneMistake));
    report(mistake, exploration);
    expect(exploration.violation).toBeDefined();
  });
});
