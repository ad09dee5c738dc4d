/**
 * Brings announcements from the bus. Implemented by a plain ioredis subscriber and by Nest's Redis-transport
 * microservice; both carry the same wire format, so both kinds of instances understand each other.
 */
export interface AnnouncementSource {
  /** Starts delivering what arrives on `channel`: the parsed message, whatever it is. Delivery need not be reliable. */
  subscribe(channel: string, deliver: (message: unknown) => void): void;
  /** Called whenever the subscription was confirmed (again): what was sent before may have been missed. */
  onSubscribed(listener: () => void): void;
  close(): Promise<void>;
}
