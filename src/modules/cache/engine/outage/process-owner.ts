import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Owner ids made in this process and not released. */
const idsInUse = new Set<string>();
const OWNER_ID = /^(\d+)-(\w+)-\w+$/;
/** Fields of `/proc/<pid>/stat` after the name: the state, and the start of the process, which tells a reused pid apart. */
const STATE = 0;
const STARTED_AT = 19;

/**
 * A name for something that this process owns until it ends or calls {@link releaseOwnerId}. Any process can tell from the
 * name whether the owner still lives.
 */
export function newOwnerId(): string {
  const id = `${process.pid}-${startOf(process.pid)}-${randomBytes(6).toString('hex')}`;
  idsInUse.add(id);
  return id;
}

/** The owner has ended, although the process goes on. */
export function releaseOwnerId(id: string): void {
  idsInUse.delete(id);
}

export function isOwnerId(text: string): boolean {
  return OWNER_ID.test(text);
}

/**
 * Whether the owner lives, as far as this process can see: a process of another container counts as dead. Without `/proc`, a
 * process that was given the pid of a dead owner counts as that owner.
 */
export function isOwnerAlive(id: string): boolean {
  const [, pid, start] = OWNER_ID.exec(id)!;
  const isThisProcess = Number(pid) === process.pid && start === startOf(process.pid);
  return isThisProcess ? idsInUse.has(id) : start === startOf(Number(pid));
}

/** When a process started, as text to compare; `undefined` if there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may contain spaces and parentheses.
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
