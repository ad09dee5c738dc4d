import { FakeClock } from '../../../../../test/support/fake-clock.js';
import type { Lease, RemoteTier } from '../ports/remote-tier.js';
import { Leases } from './leases.js';

/** Leases on a real Redis are in `test/integration/cache/leases.spec.ts`. */
describe('the length of leases', () => {
  let clock: FakeClock;
  let renewals: number[];
  let leases: Leases;
  const lease: Lease = { address: { memoryKey: 'k', slot: '{x}:v::k', partition: 0 }, token: 'token' };

  beforeEach(() => {
    clock = new FakeClock();
    renewals = [];
    const tier = { renew: (_: readonly Lease[], leaseMs: number) => renewals.push(leaseMs) };
    leases = new Leases(tier as unknown as RemoteTier, clock);
  });

  it('is four times the recent load time, from one second to thirty', () => {
    expect(leases.leaseMs).toBe(2_000);
    for (let i = 0; i < 100; i++) leases.observe(3_000);
    expect(leases.leaseMs).toBeGreaterThan(11_900);
    expect(leases.leaseMs).toBeLessThanOrEqual(12_000);
    for (let i = 0; i < 100; i++) leases.observe(20_000);
    expect(leases.leaseMs).toBe(30_000);
    for (let i = 0; i < 100; i++) leases.observe(1);
    expect(leases.leaseMs).toBe(1_000);
  });

  it('does not follow a single load that was slow', () => {
    leases.observe(8_500);
    expect(leases.leaseMs).toBe(6_000);
  });

  it('is renewed each half of it until it is stopped', async () => {
    const stop = leases.renewUntilStopped([lease], 2_000);
    await clock.advance(999);
    expect(renewals).toEqual([]);
    await clock.advance(1);
    expect(renewals).toEqual([2_000]);
    await clock.advance(3_000);
    expect(renewals).toHaveLength(4);
    stop();
    await clock.advance(10_000);
    expect(renewals).toHaveLength(4);
  });

  it('is renewed for a minute, or for as long as loads may take', async () => {
    leases.renewUntilStopped([lease], 2_000);
    await clock.advance(600_000);
    expect(renewals).toHaveLength(59);
    leases.renewUntilStopped([lease], 2_000, 5_000);
    await clock.advance(600_000);
    expect(renewals).toHaveLength(59 + 4);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has a new token for every fill', () => {
    const tokens = new Set(Array.from({ length: 1_000 }, () => leases.newToken()));
    expect(tokens.size).toBe(1_000);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{16}$/);
  });
});
