/** Prints rows as a Markdown table, so that results can be pasted into the docs as they are. */
export function printTable(header, rows) {
  console.log(`\n| ${header.join(' | ')} |`);
  console.log(`|${header.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

export const ratio = (value) => value.toFixed(2);
export const rate = (value) =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(2)} M/s`
    : value >= 1e3
      ? `${(value / 1e3).toFixed(1)} k/s`
      : `${value.toFixed(1)} /s`;
