import { FakeClock } from '../../../../../test/support/fake-clock.js';
import type { LeaseReply, LeaseRequest, RemoteTier } from '../ports/remote-tier.js';
import { Leases } from './leases.js';

const request = (name: string): LeaseRequest => ({
  address: { memoryKey: name, slot: name, partition: 0 },
  token: `token of ${name}`,
  seenStoredAtMs: undefined,
});

/** Leases on a real Redis are in `test/integration/cache/leases.spec.ts`. */
describe('leases', () => {
  let clock: FakeClock;
  let leases: Leases;
  let asked: { keys: string[]; leaseMs: number; minTimeoutMs: number | undefined }[];
  let renewed: { keys: string[]; leaseMs: number }[];
  let released: string[];
  let answer: (request: LeaseRequest) => LeaseReply | undefined;

  beforeEach(() => {
    clock = new FakeClock();
    [asked, renewed, released] = [[], [], []];
    answer = () => ({ kind: 'granted' });
    const keysOf = (all: readonly { address: { memoryKey: string } }[]): string[] =>
      all.map(({ address }) => address.memoryKey);
    const tier: Pick<RemoteTier, 'lease' | 'renew' | 'release'> = {
      lease: async (requests, _mode, leaseMs, minTimeoutMs) => {
        asked.push({ keys: keysOf(requests), leaseMs, minTimeoutMs });
        return requests.map((one) => answer(one));
      },
      renew: (all, leaseMs) => void renewed.push({ keys: keysOf(all), leaseMs }),
      release: (all) => void released.push(...keysOf(all)),
    };
    leases = new Leases(tier as RemoteTier, clock);
  });

  it('that are wanted in one tick are asked for together, those that are taken over apart', async () => {
    answer = ({ address }) => (address.slot === 'b' ? { kind: 'held', leftMs: 5 } : { kind: 'granted' });
    const answers = await Promise.all([
      leases.request([request('a'), request('b')], 'load'),
      leases.request([request('c')], 'steal'),
      leases.request([request('d')], 'load'),
    ]);
    expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b', 'd'], ['c']]);
    const granted = { kind: 'granted' };
    expect(answers).toEqual([[granted, { kind: 'held', leftMs: 5 }], [granted], [granted]]);
  });

  it('that Redis did not answer for are given back: the script may have run', async () => {
    answer = ({ address }) => (address.slot === 'b' ? undefined : { kind: 'granted' });
    const answers = await leases.request(['a', 'b', 'c'].map(request), 'load');
    expect(answers).toEqual([{ kind: 'granted' }, undefined, { kind: 'granted' }]);
    expect(released).toEqual(['b']);
  });

  it('of all loads are renewed by one timer and one script, until they are no longer held', async () => {
    const stops = ['a', 'b', 'c'].map((name) => leases.hold([request(name)]));
    await clock.advance(500);
    expect(renewed.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
    stops[1]!();
    await clock.advance(1_000);
    expect(renewed.slice(1).every(({ keys }) => keys.join() === 'a,c')).toBe(true);
    expect(renewed.length).toBeGreaterThan(1);
    for (const stop of stops) stop();
    const before = renewed.length;
    await clock.advance(10_000);
    expect(renewed).toHaveLength(before);
  });

  it('are renewed for a minute, or for as long as loads may take', async () => {
    const renewedWithin = async (holdMs?: number): Promise<number> => {
      renewed = [];
      const startedAtMs = clock.nowMs();
      let lastMs = 0;
      leases.hold([request('a')], holdMs);
      for (let i = 0; i < 400; i++) {
        const before = renewed.length;
        await clock.advance(250);
        if (renewed.length > before) lastMs = clock.nowMs() - startedAtMs;
      }
      return lastMs;
    };
    const [byDefault, given] = [await renewedWithin(), await renewedWithin(5_000)];
    expect(byDefault).toBeGreaterThan(58_000);
    expect(byDefault).toBeLessThanOrEqual(60_000);
    expect(given).toBeGreaterThan(3_000);
    expect(given).toBeLessThanOrEqual(5_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('last four times as long as recent loads took, from one second to thirty', () => {
    expect(leases.leaseMs).toBe(2_000);
    const length = (durationMs: number): number => {
      for (let i = 0; i < 200; i++) leases.observe(durationMs);
      return leases.leaseMs;
    };
    expect([length(1), length(2_000), length(600_000)]).toEqual([1_000, 8_000, 30_000]);
  });

  it('do not follow a single load that was slow', () => {
    leases.observe(8_500);
    expect(leases.leaseMs).toBe(6_000);
  });

  it('have a new token for every fill', () => {
    const tokens = new Set(Array.from({ length: 1_000 }, () => leases.newToken()));
    expect(tokens.size).toBe(1_000);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{16}$/);
  });

  it('last longer, and are waited for longer, while the event loop is late', async () => {
    for (let i = 0; i < 200; i++) leases.observe(1);
    leases.hold([request('a')]);
    clock.jump(250 + 1_300);
    await clock.advance(0);
    expect(leases.leaseMs).toBe(5_200);
    await leases.request([request('b')], 'load');
    expect(asked).toEqual([{ keys: ['b'], leaseMs: 5_200, minTimeoutMs: 1_300 }]);
    await clock.advance(60_000);
    expect(leases.leaseMs).toBe(1_000);
  });
});
