import { FakeClock } from '../../../../test/support/fake-clock.js';
import type { Session } from '../session.types.js';
import { RevocationJournal } from './revocation-journal.js';

const HOUR_MS = 3_600_000;

describe('the journal of revocations', () => {
  let clock: FakeClock;
  let journal: RevocationJournal;
  beforeEach(() => {
    clock = new FakeClock(HOUR_MS);
    journal = new RevocationJournal(HOUR_MS, clock);
  });
  const session = (id: string, userId: string | null): Session => ({
    id,
    userId,
    data: {},
    version: 1,
    createdAtMs: clock.wallMs(),
    lastSeenAtMs: clock.wallMs(),
    expiresAtMs: clock.wallMs(),
    absoluteExpiresAtMs: clock.wallMs(),
    idleTimeoutMs: null,
    client: null,
  });

  it('tells revocations that Redis does not know yet from those that it may have forgotten', () => {
    journal.add({ id: 'told' }, 'acknowledged');
    journal.add({ id: 'untold' }, 'pending');
    expect(journal.list('pending').map(({ target }) => target)).toEqual([{ id: 'untold' }]);
    expect(journal.list('all').map(({ target }) => target)).toEqual([{ id: 'told' }, { id: 'untold' }]);
  });

  it('takes a revocation that Redis has received for told', () => {
    journal.add({ id: 'untold' }, 'pending');
    for (const revocation of journal.list('pending')) journal.acknowledge(revocation);
    expect(journal.list('pending')).toEqual([]);
    expect(journal.list('all')).toHaveLength(1);
  });

  it('covers the earlier sessions of a user that was logged out, except the session that was kept', async () => {
    const [kept, ended, other] = [session('kept', 'ada'), session('ended', 'ada'), session('other', 'bob')];
    await clock.advance(1_000);
    journal.add({ selector: { userId: 'ada' }, exceptId: 'kept' }, 'pending');
    await clock.advance(1_000);
    const later = session('later', 'ada');
    expect([kept, ended, other, later].map((one) => journal.includes(one))).toEqual([false, true, false, false]);
    journal.add({ selector: 'everyone', exceptId: undefined }, 'pending');
    expect([kept, ended, other, later].map((one) => journal.includes(one))).toEqual([true, true, true, true]);
  });

  it('covers nothing that Redis knows: Redis has said so', () => {
    journal.add({ id: 'a' }, 'acknowledged');
    expect(journal.includes(session('a', null))).toBe(false);
  });

  it('forgets a revocation once all sessions of its time have expired', async () => {
    journal.add({ id: 'old' }, 'pending');
    await clock.advance(HOUR_MS + 1);
    journal.add({ id: 'new' }, 'pending');
    expect(journal.list('all').map(({ target }) => target)).toEqual([{ id: 'new' }]);
  });
});
