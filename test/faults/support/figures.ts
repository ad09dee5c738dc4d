/** Figures of a fault, a line each in what the tests print, for docs/guides/outages.md. */
export function printFigures(fault: string, figures: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ fault, ...figures })}\n`);
}
