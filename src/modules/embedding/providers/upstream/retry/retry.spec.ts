import { FakeClock } from '../../../../../../test/support/fake-clock.js';
import { EmbeddingError } from '../../../embedding.error.js';
import { retry } from './retry.js';
import { RetryableError } from './retryable.error.js';

const outcome = new EmbeddingError('upstream-unavailable', 'away');
const signal = new AbortController().signal;

/** Fails so often, then answers; notes when it was called. */
function flaky(clock: FakeClock, failures: number, error: () => Error = () => new RetryableError(outcome)) {
  const calledAtMs: number[] = [];
  const attempt = async () => {
    calledAtMs.push(clock.nowMs());
    if (calledAtMs.length <= failures) throw error();
    return 'answer';
  };
  return { attempt, calledAtMs };
}

describe('retry', () => {
  it('tries again until there is an answer, waiting twice as long each time', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 4);
    await expect(retry(attempt, { budgetMs: 60_000, baseMs: 100, clock, random: () => 1 }, signal)).resolves.toBe(
      'answer',
    );
    expect(calledAtMs).toEqual([0, 100, 300, 700, 1_500]);
  });

  it('spreads waits over the whole interval, so that clients that failed together do not come back together', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 2);
    await retry(attempt, { budgetMs: 60_000, baseMs: 100, clock, random: () => 0.25 }, signal);
    expect(calledAtMs).toEqual([0, 25, 75]);
  });

  it('never waits longer than the cap', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 8);
    await retry(attempt, { budgetMs: 60_000, baseMs: 100, capMs: 400, clock, random: () => 1 }, signal);
    expect(Math.max(...calledAtMs.slice(1).map((at, index) => at - calledAtMs[index]!))).toBe(400);
  });

  it('waits as long as the other side asks', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 1, () => new RetryableError(outcome, 37_000));
    await retry(attempt, { budgetMs: 60_000, clock, random: () => 0 }, signal);
    expect(calledAtMs).toEqual([0, 37_000]);
  });

  it('gives up at once when the wait would overrun the budget, and says when to come back', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 9, () => new RetryableError(outcome, 37_000));
    await expect(retry(attempt, { budgetMs: 30_000, clock }, signal)).rejects.toMatchObject({
      kind: 'upstream-unavailable',
      retryAfterMs: 37_000,
    });
    expect(calledAtMs).toEqual([0]);
  });

  it('does not repeat a call that can not succeed', async () => {
    const clock = FakeClock.skippingWaits();
    const { attempt, calledAtMs } = flaky(clock, 1, () => new EmbeddingError('invalid-input', 'no'));
    await expect(retry(attempt, { budgetMs: 30_000, clock }, signal)).rejects.toMatchObject({ kind: 'invalid-input' });
    expect(calledAtMs).toHaveLength(1);
  });

  it('stops waiting when its signal aborts', async () => {
    const clock = FakeClock.skippingWaits();
    const controller = new AbortController();
    const attempt = async () => {
      queueMicrotask(() => controller.abort(new Error('gone')));
      throw new RetryableError(outcome, 1_000);
    };
    await expect(retry(attempt, { budgetMs: 30_000, clock }, controller.signal)).rejects.toThrow('gone');
  });
});
