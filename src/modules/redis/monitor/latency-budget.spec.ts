import { DEFAULT_BUDGET_SETTINGS, LatencyBudget } from './latency-budget.js';

describe('LatencyBudget', () => {
  const make = () => new LatencyBudget(DEFAULT_BUDGET_SETTINGS);
  const settle = (budget: LatencyBudget, latencyMs: number) => {
    for (let i = 0; i < 50; i++) budget.record(latencyMs);
  };

  it('is the cap while nothing is known', () => {
    expect(make().ms).toBe(50);
  });

  it('sinks to the floor with a fast Redis, not below', () => {
    const budget = make();
    budget.seed(0.4);
    settle(budget, 0.3);
    expect(budget.ms).toBe(10);
  });

  it('follows latency and its spread', () => {
    const budget = make();
    settle(budget, 8);
    const calm = budget.ms;
    for (let i = 0; i < 50; i++) budget.record(i % 2 ? 4 : 12);
    expect(calm).toBeGreaterThanOrEqual(8);
    expect(budget.ms).toBeGreaterThan(calm);
    expect(budget.ms).toBeLessThan(50);
  });

  it('never exceeds the cap because of a few slow answers', () => {
    const budget = make();
    settle(budget, 1);
    for (let i = 0; i < 5; i++) budget.record(49);
    expect(budget.ms).toBe(50);
  });

  it('gives reads on a slow network the time they need, once the probe measured it', () => {
    const budget = make();
    budget.seed(80);
    expect(budget.ms).toBe(240);
    settle(budget, 80);
    expect(budget.ms).toBeGreaterThanOrEqual(80);
    budget.seed(0.5);
    expect(budget.ms).toBe(10);
  });

  it('lets no read wait longer than a second', () => {
    const budget = make();
    budget.seed(700);
    expect(budget.ms).toBe(1_000);
  });
});
