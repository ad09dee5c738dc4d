import { estimateBill } from './command-bill.js';

describe('estimateBill', () => {
  it('projects the cost of an hour onto thirty days', () => {
    expect(estimateBill(100_000, 3_600_000, 0.2)).toEqual({
      commands: 100_000,
      commandsPerDay: 2_400_000,
      costSoFar: 0.2,
      costPerMonth: 144,
    });
  });

  it('projects nothing from no time', () => {
    expect(estimateBill(5, 0, 0.2)).toMatchObject({ commandsPerDay: 0, costPerMonth: 0 });
  });
});
