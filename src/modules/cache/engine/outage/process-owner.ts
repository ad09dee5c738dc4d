import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Names made here whose owner has not ended. */
const namesInUse = new Set<string>();
const NAME = /^(\d+)-(\w+)-\w+$/;
/** The process's start, where a number of it may be given to another later: fields of `/proc/<pid>/stat` after the name. */
const STATE = 0;
const STARTED_AT = 19;

/** A name for something that this process owns until it ends or says {@link releaseMark}: another one can tell whether it has. */
export function markOfThisProcess(): string {
  const name = `${process.pid}-${startOf(process.pid)}-${randomBytes(6).toString('hex')}`;
  namesInUse.add(name);
  return name;
}

/** Its owner has ended, though the process has not. */
export function releaseMark(name: string): void {
  namesInUse.delete(name);
}

/** Whether text is such a name. */
export function isMark(text: string): boolean {
  return NAME.test(text);
}

/**
 * Whether the owner lives, as far as can be seen from here: a process of another container counts as dead. Where there is no
 * `/proc` one that was given a dead one's number counts as it.
 */
export function isOwnerAlive(name: string): boolean {
  const [, pid, start] = NAME.exec(name)!;
  const isOurs = Number(pid) === process.pid && start === startOf(process.pid);
  return isOurs ? namesInUse.has(name) : start === startOf(Number(pid));
}

/** `undefined` where there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may contain anything, spaces and parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[STATE] === 'Z' || fields[STATE] === 'X' ? undefined : fields[STARTED_AT];
  } catch {
    return hasProc() ? undefined : startWithoutProc(pid);
  }
}

function startWithoutProc(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'unknown' : undefined;
  }
}

function hasProc(): boolean {
  try {
    readFileSync('/proc/self/stat');
    return true;
  } catch {
    return false;
  }
}
