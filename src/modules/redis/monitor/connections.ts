/** The part of the data connections that the monitor uses. */
export interface Connections {
  /** Whether every lane has a connected client. */
  readonly isConnected: boolean;
  /** Makes clients that wait for their next attempt connect now. */
  connect(): void;
  /** Resolves when every connected client has answered; clients that don't answer are replaced. Rejects while a lane has no connected client. */
  verify(): Promise<void>;
  /** Calls back when a client connects, loses its connection, or (in a Cluster) discovers or loses a node. */
  onChange(listener: () => void): () => void;
}
