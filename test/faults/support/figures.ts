/** Figures of a fault, a line each in the output of the tests, for docs/guides/outages.md. */
export function printFigures(fault: string, figures: Record<string, unknown>): void {
  print(JSON.stringify({ fault, ...figures }));
}

/** On standard error, beside jest's own reports: `npm run test:faults` shows nothing else. */
export function print(text: string): void {
  process.stderr.write(`${text}\n`);
}
