/** Estimated cost of this instance's commands, for a Redis that is billed per command (Upstash). */
export interface CommandBill {
  readonly commands: number;
  readonly commandsPerDay: number;
  readonly costSoFar: number;
  /** Cost of thirty days at the same rate. */
  readonly costPerMonth: number;
}

const DAY_MS = 86_400_000;

/**
 * @param elapsedMs the time in which the commands were sent.
 * @param pricePer100k in any currency; the result has the same.
 */
export function estimateBill(commands: number, elapsedMs: number, pricePer100k: number): CommandBill {
  const price = (count: number) => (count / 100_000) * pricePer100k;
  const commandsPerDay = elapsedMs > 0 ? (commands / elapsedMs) * DAY_MS : 0;
  return { commands, commandsPerDay, costSoFar: price(commands), costPerMonth: price(commandsPerDay * 30) };
}
