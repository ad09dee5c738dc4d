/** How the cache handled a request, for the `Cache-Status` header. */
export type CacheStatus =
  | { readonly kind: 'hit'; readonly ttlMs: number; readonly detail: string }
  | {
      readonly kind: 'forwarded';
      readonly reason: ForwardReason;
      readonly isStored?: boolean;
      readonly isCollapsed?: boolean;
      readonly detail?: string;
    };

/** Why the handler ran: no stored response, a stale one, the client asked for it, or the cache does not serve such requests. */
export type ForwardReason = 'miss' | 'stale' | 'request' | 'bypass';

/** The header's value (RFC 9211). `ttl` is in seconds; negative for a stale response: the time since it became stale. */
export function formatCacheStatus(status: CacheStatus): string {
  if (status.kind === 'hit') return `Larder; hit; ttl=${Math.floor(status.ttlMs / 1_000)}; detail=${status.detail}`;
  const { reason, isStored, isCollapsed, detail } = status;
  return `Larder; fwd=${reason}${isStored ? '; stored' : ''}${isCollapsed ? '; collapsed' : ''}${detail ? `; detail=${detail}` : ''}`;
}
