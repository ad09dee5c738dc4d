import { infoField } from './info-field.js';

/** Ids of a server from its INFO; `undefined` when INFO is not permitted or lacks them. */
export interface ServerIds {
  readonly runId: string | undefined;
  readonly replicationId: string | undefined;
}

/** A server with unknown ids. */
export const UNKNOWN_SERVER: ServerIds = { runId: undefined, replicationId: undefined };

/** Reads the ids from INFO's `server` and `replication` sections. */
export function parseServerIds(info: string): ServerIds {
  return { runId: infoField(info, 'run_id'), replicationId: infoField(info, 'master_replid') };
}

/** Combines the ids of several servers. The result changes when an id of any server changes. */
export function combineServerIds(ids: readonly ServerIds[]): ServerIds {
  const combine = (values: (string | undefined)[]) =>
    values.length === 0 || values.includes(undefined) ? undefined : values.toSorted().join(',');
  return { runId: combine(ids.map((id) => id.runId)), replicationId: combine(ids.map((id) => id.replicationId)) };
}

/** Whether it is certainly the same server with the same data: both ids known and unchanged. */
export function isSameServer(known: ServerIds | undefined, found: ServerIds | undefined): boolean {
  if (found?.runId === undefined || found.replicationId === undefined) return false;
  return known?.runId === found.runId && known.replicationId === found.replicationId;
}
