import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { OperatorConfig } from './operator.config.js';

const TOKEN_BYTES = 24;
const MIN_LENGTH = 16;

/** Where the token of the service comes from. */
export type ServiceTokenOrigin =
  /** `LARDER_TOKEN`. */
  | 'configured'
  /** The file in the data folder. */
  | 'file'
  /** Made for this process alone, because the data folder can not be written. */
  | 'memory';

/**
 * The token of the service. It opens every door that has no token of its own. An address opens nothing: behind a proxy on the
 * same machine, every client has the address of the machine.
 */
export class ServiceToken {
  private constructor(
    readonly value: string,
    readonly origin: ServiceTokenOrigin,
    /** The file that has, or would have, the random token. */
    readonly file: string,
  ) {}

  /**
   * The configured token. Without a configured token, the one of the file `token` in the data folder, which is made at the first
   * start with mode 0600. Processes that share the folder get the same token, also when they start at the same time.
   */
  static load({ serviceToken, dataDir }: Pick<OperatorConfig, 'serviceToken' | 'dataDir'>): ServiceToken {
    const file = join(dataDir, 'token');
    if (serviceToken !== undefined) return new ServiceToken(serviceToken, 'configured', file);
    try {
      return new ServiceToken(readToken(file) ?? makeToken(dataDir, file), 'file', file);
    } catch {
      return new ServiceToken(randomToken(), 'memory', file);
    }
  }
}

/** `undefined` for a file that is missing or has no token. */
function readToken(file: string): string | undefined {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token.length < MIN_LENGTH) return undefined;
    chmodSync(file, 0o600);
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A link appears in one step and never replaces a file, so of several processes one makes the token and the others read it. */
function makeToken(dir: string, file: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const token = randomToken();
  writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const known = readToken(file);
    if (known !== undefined) return known;
    renameSync(draft, file);
    return token;
  } finally {
    rmSync(draft, { force: true });
  }
}

function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}
