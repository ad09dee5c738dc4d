/** The result of a mutation run, for people. */

/** A mutant as `file:line  original → replacement`. */
export function describeMutant(file, source, { location, replacement, status, statusReason }) {
  const { start, end } = location;
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  const oneLine = (text) => text.replace(/\s+/g, ' ').trim();
  const change = `${oneLine(lines.join('\n'))} → ${oneLine(replacement ?? '')}`;
  return {
    file,
    line: start.line,
    change,
    status: status === 'Ignored' || statusReason === 'left out' ? 'LeftOut' : status,
  };
}

/** `engine/read` of a file below `sources`. */
export function roomOf(file, sources) {
  const folders = file
    .slice(file.indexOf(sources) + sources.length + 1)
    .split('/')
    .slice(0, -1);
  return folders.slice(0, 2).join('/');
}

/** Share of the mutants that a spec noticed, among those that were tried and change something. */
export function scoreOf(mutants) {
  const of = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const noticed = of('Killed', 'Timeout');
  const judged = noticed + of('Survived', 'NoCoverage');
  const score = judged === 0 ? '-' : ((100 * noticed) / judged).toFixed(1);
  const covered = judged - of('NoCoverage');
  const ofCovered = covered === 0 ? '-' : ((100 * noticed) / covered).toFixed(1);
  return {
    noticed,
    judged,
    score,
    ofCovered,
    survived: of('Survived'),
    unreached: of('NoCoverage'),
    leftOut: of('LeftOut'),
    equivalent: of('Equivalent'),
  };
}

export function tableOf(rooms) {
  const head = [
    'room',
    'changes',
    'noticed',
    'survived',
    'not reached',
    'equivalent',
    'left out',
    'score',
    'of those reached',
  ];
  const rows = [...rooms].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([room, mutants]) => rowOf(room, mutants));
  rows.push(rowOf('all', [...rooms.values()].flat()));
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`).join('\n');
}

function rowOf(room, mutants) {
  const { noticed, survived, unreached, equivalent, leftOut, score, ofCovered } = scoreOf(mutants);
  return [room, mutants.length, noticed, survived, unreached, equivalent, leftOut, score, ofCovered].map(String);
}
