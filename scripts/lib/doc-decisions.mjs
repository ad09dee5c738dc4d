import { basename } from 'node:path';

const FOLDER = 'docs/decisions/';

/** Decisions are numbered from 0001 on without a gap, each number once, and the index names each. */
export function checkDecisions(documents) {
  const decisions = documents.filter(({ path }) => path.startsWith(FOLDER) && basename(path) !== 'README.md');
  const index = documents.find(({ path }) => path === `${FOLDER}README.md`);
  const indexed = new Set(index.links.map(({ url }) => url));
  return decisions
    .map(({ path }) => path)
    .sort()
    .flatMap((path, i) => {
      const number = String(i + 1).padStart(4, '0');
      const problems = [];
      if (!basename(path).startsWith(`${number}-`))
        problems.push({ path, line: 1, message: `should be number ${number}` });
      if (!indexed.has(basename(path))) problems.push({ path, line: 1, message: 'is missing in the index' });
      return problems;
    });
}
