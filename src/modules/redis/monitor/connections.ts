/** The data connections, as the monitor sees them. */
export interface Connections {
  /** Whether every lane has a connected client. */
  readonly isConnected: boolean;
  /** Connects now what waits for its next try. */
  connect(): void;
  /** Resolves when each connected client answers; those that do not are replaced. Rejects while a lane has none. */
  verify(): Promise<void>;
  /** A client connected, lost its connection, or (in a Cluster) found or lost a node. */
  onChange(listener: () => void): () => void;
}
