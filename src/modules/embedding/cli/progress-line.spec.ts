import { progressLine } from './progress-line.js';

const progress = {
  done: 500,
  skipped: 0,
  refused: 0,
  hits: 400,
  tokensBilled: 1_000,
  usdBilled: 0.0002,
  usdSaved: 0.0008,
};

describe('progress line', () => {
  it('shows the progress of a job, its hits, its cost and its remaining time', () => {
    expect(progressLine(progress, 1_000, 30_000)).toBe(
      '████████████░░░░░░░░░░░░ 500/1000  80 % hits  $0.0002 paid  $0.0008 saved  30 s left',
    );
  });

  it('does not count the texts of an earlier run', () => {
    expect(progressLine({ ...progress, done: 900, skipped: 400 }, 1_000, 50_000)).toContain('80 % hits');
    expect(progressLine({ ...progress, done: 900, skipped: 400 }, 1_000, 50_000)).toContain('10 s left');
  });

  it('makes do without a total, and ends', () => {
    expect(progressLine(progress, undefined, 1_000)).toBe('500 texts  80 % hits  $0.0002 paid  $0.0008 saved');
    expect(progressLine({ ...progress, done: 1_000 }, 1_000, 1_000)).toMatch(/done$/);
  });
});
