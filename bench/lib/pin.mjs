import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Lets a process run on all processors, where its parent was kept on one. */
export function unpin(pid) {
  spawnSync('taskset', ['-cp', `0-${cpus().length - 1}`, String(pid)], { stdio: 'ignore' });
}

/** Keeps a process on one processor where the machine has several, so that the scheduler is not part of a ratio. */
export function pin(pid, cpu) {
  if (cpus().length > cpu) spawnSync('taskset', ['-cp', String(cpu), String(pid)], { stdio: 'ignore' });
}
