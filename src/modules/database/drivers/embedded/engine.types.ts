/** How the thread of the embedded database starts. */
export interface EngineOptions {
  /** Data directory, or `memory://`. */
  readonly dir: string;
  /** Refuse writes. */
  readonly isReadOnly: boolean;
}

/** What the thread is told. */
export type EngineRequest =
  | { readonly type: 'open'; readonly client: number }
  | { readonly type: 'data'; readonly client: number; readonly bytes: Uint8Array }
  | { readonly type: 'readOnly'; readonly isReadOnly: boolean }
  | { readonly type: 'close' };

/** What the thread says. After `broken` it serves nothing more. */
export type EngineEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'data'; readonly client: number; readonly bytes: Uint8Array }
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'closed' };
