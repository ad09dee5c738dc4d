import { FakeClock } from '../../../../../test/support/fake-clock.js';
import type { EntryView } from '../contract/cache.js';
import type { SlotAddress } from '../ports/remote-tier.js';
import { DependencyTable } from '../versions/dependency-table.js';
import { Flight, type FlightOutcome, type StaleOffer } from './flight.js';
import { FlightTable } from './flight-table.js';

const OUTCOME: FlightOutcome = { value: 'v', isAbsent: false, hasLateChange: false };

function newFlight(table = new DependencyTable()): Flight {
  return new Flight({
    key: 'k',
    memoryKey: 'm:k',
    snapshot: table.snapshot([]),
    sequence: table.sequence,
    fenceMark: 0,
    address: () => ({ memoryKey: 'm:k' }) as SlotAddress,
  });
}

const staleOffer = (value: string): StaleOffer => ({
  view: { value } as EntryView<unknown>,
  snapshot: new DependencyTable().snapshot([]),
});

/** The state of a promise now, after everything that is due has run. */
async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  const states = promise.then(
    () => 'fulfilled' as const,
    () => 'rejected' as const,
  );
  return Promise.race([states, new Promise<'pending'>((resolve) => setImmediate(resolve, 'pending'))]);
}

describe('the slot of a flight', () => {
  it('is computed once, when it is first asked for', () => {
    let computed = 0;
    const address = () => ({ slotKey: `slot ${++computed}` }) as unknown as SlotAddress;
    const table = new DependencyTable();
    const flight = new Flight({
      key: 'k',
      memoryKey: 'm',
      snapshot: table.snapshot([]),
      sequence: 0,
      fenceMark: 0,
      address,
    });
    expect(computed).toBe(0);
    expect(flight.address()).toBe(flight.address());
    expect(computed).toBe(1);
  });
});

describe('the versions of a flight', () => {
  it('are those before the loader ran, with late tags after them', () => {
    const table = new DependencyTable();
    const [early, late] = [table.getOrCreate('t:early'), table.getOrCreate('t:late')];
    early.version = { hard: 'e', soft: '' } as never;
    late.version = { hard: 'l', soft: '' } as never;
    const flight = newFlight(table);
    flight.dependOn([early]);
    flight.begin(table);
    expect(flight.versions).toEqual([early.version]);
    expect(flight.snapshotSequence).toBe(table.sequence);

    flight.addLateTags(table, [late]);
    expect(flight.dependencies).toEqual([early, late]);
    expect(flight.versions).toEqual([early.version, late.version]);
    expect(table.check(flight.snapshot)).toBe('current');
    table.invalidate(late);
    expect(table.check(flight.snapshot)).toBe('invalidated');
  });
});

describe('a caller that has joined a flight', () => {
  it('is told when the loader has run too long, counted from its start', async () => {
    const clock = new FakeClock();
    const flight = newFlight();
    const overdue = flight.overdue(clock, 1_000);
    expect(flight.overdue(clock, 1_000)).toBe(overdue);
    await clock.advance(700);
    flight.startLoader(clock.nowMs());
    await clock.advance(999);
    await expect(stateOf(overdue)).resolves.toBe('pending');
    await clock.advance(1);
    await expect(overdue).resolves.toBe('overdue');
  });

  it.each([
    ['succeeds', (flight: Flight) => flight.succeed(OUTCOME)],
    ['fails', (flight: Flight) => flight.fail(new Error('source'))],
  ])('leaves no timer behind when the flight %s', async (_, settle) => {
    const clock = new FakeClock();
    const flight = newFlight();
    const overdue = flight.overdue(clock, 1_000);
    settle(flight);
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
    await expect(stateOf(overdue)).resolves.toBe('pending');
  });
});

describe('a failed load whose key Redis may still answer', () => {
  it('waits for the answer, and gives its value', async () => {
    const flight = newFlight();
    let answer!: (outcome: FlightOutcome | undefined) => void;
    flight.hedge(new Promise((resolve) => (answer = resolve)));
    flight.fail(new Error('source'));
    await expect(stateOf(flight.outcome)).resolves.toBe('pending');
    answer(OUTCOME);
    await expect(flight.outcome).resolves.toBe(OUTCOME);
  });

  it('fails with its first error after the last answer without a value', async () => {
    const flight = newFlight();
    const answers: ((outcome: undefined) => void)[] = [];
    for (let i = 0; i < 2; i++) flight.hedge(new Promise((resolve) => answers.push(resolve)));
    flight.fail(new Error('first'));
    flight.fail(new Error('second'));
    answers[0]!(undefined);
    await expect(stateOf(flight.outcome)).resolves.toBe('pending');
    answers[1]!(undefined);
    await expect(flight.outcome).rejects.toThrow('first');
  });

  it('an answer that settles the flight stops the loader, and later callers do not join', async () => {
    const flight = newFlight();
    const { signal } = flight;
    flight.hedge(Promise.resolve(OUTCOME));
    await expect(flight.outcome).resolves.toBe(OUTCOME);
    expect(flight.isDetached).toBe(true);
    expect(signal.reason).toMatchObject({ name: 'AbortError', message: 'Redis answered before the loader.' });
  });

  it('an answer after the load has ended changes nothing', async () => {
    const flight = newFlight();
    let answer!: (outcome: FlightOutcome) => void;
    flight.hedge(new Promise((resolve) => (answer = resolve)));
    flight.succeed(OUTCOME);
    answer({ ...OUTCOME, value: 'late' });
    await expect(flight.outcome).resolves.toBe(OUTCOME);
    expect(flight.isDetached).toBe(false);
  });
});

describe('a stale value of a flight', () => {
  it('is told to every caller that waits for one, and at once to later ones', async () => {
    const flight = newFlight();
    const waiting = [flight.staleOffered(), flight.staleOffered()];
    await expect(stateOf(waiting[0]!)).resolves.toBe('pending');
    flight.offerStale(staleOffer('old'));
    await expect(Promise.all(waiting)).resolves.toHaveLength(2);
    await expect(stateOf(flight.staleOffered())).resolves.toBe('fulfilled');
  });
});

describe('a flight without callers', () => {
  it('is abandoned when the last caller gives up, with an AbortError', async () => {
    const flight = newFlight();
    flight.enter();
    flight.enter();
    flight.giveUp();
    expect(flight.isAbandoned).toBe(false);
    flight.giveUp();
    expect(flight.isDetached).toBe(true);
    await expect(flight.outcome).rejects.toMatchObject({
      name: 'AbortError',
      message: 'No caller waits for this load any more.',
    });
  });

  it('goes on when the callers have left with a value', () => {
    const flight = newFlight();
    flight.enter();
    flight.leave();
    expect(flight.hasCallers).toBe(false);
    expect(flight.isAbandoned).toBe(false);
  });

  it('tells every listener once, and at once after it was abandoned', () => {
    const flight = newFlight();
    const told: unknown[] = [];
    flight.onAbandoned((reason) => told.push(reason));
    flight.onAbandoned((reason) => told.push(reason));
    const reason = new Error('closing');
    flight.abandon(reason);
    flight.abandon(new Error('again'));
    flight.onAbandoned((late) => told.push(late));
    expect(told).toEqual([reason, reason, reason]);
    expect(flight.signal.aborted).toBe(true);
  });
});

describe('a flight that is refused', () => {
  it('fails, and later callers start one of their own', async () => {
    const table = new DependencyTable();
    const flights = new FlightTable(table);
    const flight = newFlight(table);
    flights.add(flight, true);
    expect(flights.joinable('m:k')).toBe(flight);
    flight.refuse(new Error('no'));
    expect(flights.joinable('m:k')).toBeUndefined();
    await expect(flight.outcome).rejects.toThrow('no');
    expect(flights.size).toBe(0);
  });
});

describe('flights under way', () => {
  it('are joined after an unrelated invalidation, and not after one of their dependencies', () => {
    const table = new DependencyTable();
    const flights = new FlightTable(table);
    const tag = table.getOrCreate('t:tag');
    const flight = newFlight(table);
    flight.dependOn([tag]);
    flight.begin(table);
    flights.add(flight, true);
    table.invalidate(table.getOrCreate('t:other'));
    expect(flights.joinable('m:k')).toBe(flight);
    table.invalidate(tag);
    expect(flights.joinable('m:k')).toBeUndefined();
  });

  it('are all detached by a flush, and counted until they end', () => {
    const table = new DependencyTable();
    const flights = new FlightTable(table);
    const flight = newFlight(table);
    flights.add(flight, true);
    flights.detachAll();
    expect(flight.isDetached).toBe(true);
    expect(flights.joinable('m:k')).toBeUndefined();
    expect(flights.size).toBe(1);
  });

  it('stay joinable when an older, detached flight of the key ends', async () => {
    const table = new DependencyTable();
    const flights = new FlightTable(table);
    const [older, younger] = [newFlight(table), newFlight(table)];
    flights.add(older, true);
    flights.detach('m:k');
    flights.add(younger, true);
    older.succeed(OUTCOME);
    await older.outcome;
    expect(flights.joinable('m:k')).toBe(younger);
    expect(flights.size).toBe(1);
  });
});
