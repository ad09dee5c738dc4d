import type { TcpProxy } from '../../support/tcp-proxy.js';

/** A statement as the server sees it, by its step in a transaction. */
export type ProtocolStep = 'begin' | 'statement' | 'commit' | 'rollback';

/** The fault of a step, for the next few times that it is taken. */
export interface ProtocolFault {
  readonly step: ProtocolStep;
  /** Which half is hit. */
  readonly lost: 'request' | 'answer';
  /** `stall`: silence, the connection stays open. `cut`: it is reset. `delay`: it comes late. */
  readonly kind: 'stall' | 'cut' | 'delay';
}

export const STEPS: readonly ProtocolStep[] = ['begin', 'statement', 'commit', 'rollback'];

const DELAY_MS = 120;

/** The text by which a step is known on the wire; a statement carries the marker as a comment. */
const TEXT_OF: Readonly<Record<ProtocolStep, RegExp>> = {
  begin: /Q....begin/s,
  statement: /insert into "?notes/,
  commit: /Q....commit/s,
  rollback: /Q....rollback/s,
};

/** Arms the proxy: the next `times` occurrences of the step suffer the fault. Gives how many have so far. */
export function armFault(proxy: TcpProxy, { step, lost, kind }: ProtocolFault, times: number): () => number {
  let hits = 0;
  const awaiting = new Set<number>();
  const strike = () => {
    hits += 1;
    if (kind !== 'delay') return kind === 'cut' ? 'cut' : 'lose';
    proxy.faults.delayMs = DELAY_MS;
    return 'pass';
  };
  proxy.faults.fateOf = (chunk, direction, connection) => {
    if (kind === 'delay') proxy.faults.delayMs = 0;
    if (direction === 'reply') return awaiting.delete(connection) ? strike() : 'pass';
    if (hits + awaiting.size >= times || !TEXT_OF[step].test(chunk.toString('latin1'))) return 'pass';
    if (lost === 'request') return strike();
    awaiting.add(connection);
    return 'pass';
  };
  return () => hits;
}

export function disarm(proxy: TcpProxy): void {
  proxy.faults.fateOf = () => 'pass';
  proxy.faults.delayMs = 0;
}
