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
  });

  it('tells what Redis does not know yet from what it may have forgotten', () => {
    journal.add({ id: 'told' }, true);
    journal.add({ id: 'untold' }, false);
    expect(journal.list(false).map(({ target }) => target)).toEqual([{ id: 'untold' }]);
    expect(journal.list(true).map(({ target }) => target)).toEqual([{ id: 'told' }, { id: 'untold' }]);
  });

  it('covers sessions that began before, of the user who was logged out, but for the one kept', async () => {
    const [kept, ended, other] = [session('kept', 'ada'), session('ended', 'ada'), session('other', 'bob')];
    await clock.advance(1_000);
    journal.add({ scope: { userId: 'ada' }, exceptId: 'kept' }, false);
    await clock.advance(1_000);
    const later = session('later', 'ada');
    expect([kept, ended, other, later].map((one) => journal.covers(one))).toEqual([false, true, false, false]);
    journal.add({ scope: 'everyone', exceptId: undefined }, false);
    expect([kept, ended, other, later].map((one) => journal.covers(one))).toEqual([true, true, true, true]);
  });

  it('covers nothing that Redis knows: Redis has said so', () => {
    journal.add({ id: 'a' }, true);
    expect(journal.covers(session('a', null))).toBe(false);
  });

  it('forgets what no living session can have been revoked by', async () => {
    journal.add({ id: 'old' }, false);
    await clock.advance(HOUR_MS + 1);
    journal.add({ id: 'new' }, false);
    expect(journal.list(true).map(({ target }) => target)).toEqual([{ id: 'new' }]);
  });
});
