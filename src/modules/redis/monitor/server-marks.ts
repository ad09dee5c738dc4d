import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { classifyFailure } from './failure.js';
import { type ServerIds, UNKNOWN_SERVER } from './server-identity.js';

/** A script that no other server has seen. */
interface Mark {
  readonly source: string;
  readonly sha: string;
}

/**
 * Recognises servers that forbid INFO. Each is given a script that is random. A server keeps its scripts in the memory of its
 * process, neither on disk nor in its replicas, so one that still knows the script is the same process. One that has forgotten
 * it counts as another server: `SCRIPT FLUSH` costs hits, no more.
 *
 * What it does not notice: a master that became a replica and master again while this process could not reach it.
 */
export class ServerMarks {
  /** By address of the server. */
  readonly #marks = new Map<string, Mark>();

  /** @throws when the server does not answer. The ids are unknown where it forbids scripts, too. */
  async identify(redis: Redis): Promise<ServerIds> {
    const address = `${redis.options.host}:${redis.options.port}`;
    try {
      const known = this.#marks.get(address);
      if (known !== undefined && (await isKnown(redis, known))) return idsOf(known);
      const mark = newMark();
      await redis.eval(mark.source, 0);
      this.#marks.set(address, mark);
      return idsOf(mark);
    } catch (error) {
      if (isRefused(error)) return UNKNOWN_SERVER;
      throw error;
    }
  }
}

/** Whether the server answered that it does not run the command. */
export function isRefused(error: unknown): boolean {
  const reason = classifyFailure(error);
  return reason === 'NOPERM' || reason === 'error';
}

async function isKnown(redis: Redis, { sha }: Mark): Promise<boolean> {
  try {
    await redis.evalsha(sha, 0);
    return true;
  } catch (error) {
    if ((error as Error).message.startsWith('NOSCRIPT')) return false;
    throw error;
  }
}

function newMark(): Mark {
  const source = `return '${randomBytes(12).toString('hex')}'`;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

function idsOf({ sha }: Mark): ServerIds {
  return { runId: sha, replicationId: sha };
}
