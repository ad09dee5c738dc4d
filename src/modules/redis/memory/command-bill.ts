/** What the commands of this instance cost where Redis is billed by command (Upstash). An estimate. */
export interface CommandBill {
  readonly commands: number;
  readonly commandsPerDay: number;
  readonly costSoFar: number;
  /** If it goes on like this, for thirty days. */
  readonly costPerMonth: number;
}

const DAY_MS = 86_400_000;

/**
 * @param elapsedMs the time in which the commands were sent.
 * @param pricePer100k in whatever currency; the result is in the same.
 */
export function estimateBill(commands: number, elapsedMs: number, pricePer100k: number): CommandBill {
  const price = (count: number) => (count / 100_000) * pricePer100k;
  const commandsPerDay = elapsedMs > 0 ? (commands / elapsedMs) * DAY_MS : 0;
  return { commands, commandsPerDay, costSoFar: price(commands), costPerMonth: price(commandsPerDay * 30) };
}
