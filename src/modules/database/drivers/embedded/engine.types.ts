/** How the thread of the embedded database starts. */
export interface EngineOptions {
  /** Data directory, or `memory://`. */
  readonly dir: string;
  /** Refuse writes. */
  readonly isReadOnly: boolean;
}

/** Messages to the thread. */
export type EngineRequest =
  | { readonly type: 'open'; readonly client: number }
  | { readonly type: 'data'; readonly client: number; readonly bytes: Uint8Array }
  | { readonly type: 'readOnly'; readonly isReadOnly: boolean }
  | { readonly type: 'close' };

/** Messages of the thread. After `broken` it serves nothing more. */
export type EngineEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'data'; readonly client: number; readonly bytes: Uint8Array }
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'closed' };
