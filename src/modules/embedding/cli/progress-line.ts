import type { EmbedJobProgress } from '../jobs/embed-job.js';

const BAR_WIDTH = 24;

/** A job's progress in one line: bar, share of hits, cost, time left. */
export function progressLine(progress: EmbedJobProgress, total: number | undefined, elapsedMs: number): string {
  const { done, skipped, refused, hits, usdBilled, usdSaved } = progress;
  const embedded = done - skipped;
  const hitShare = embedded === refused ? 0 : (hits / (embedded - refused)) * 100;
  const figures = `${hitShare.toFixed(0)} % hits  $${usdBilled.toFixed(4)} paid  $${usdSaved.toFixed(4)} saved`;
  if (total === undefined || total === 0) return `${done} texts  ${figures}`;
  const filled = Math.round((done / total) * BAR_WIDTH);
  const bar = '█'.repeat(filled).padEnd(BAR_WIDTH, '░');
  const leftMs = embedded === 0 ? 0 : ((total - done) / embedded) * elapsedMs;
  return `${bar} ${done}/${total}  ${figures}  ${done === total ? 'done' : `${inWords(leftMs)} left`}`;
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
