import { Injectable } from '@nestjs/common';
import type { AnnouncementSource } from '../cache/index.js';

interface Receiver {
  readonly channels: Map<string, (message: unknown) => void>;
  onSubscribed: () => void;
}

/** Hands what the microservice receives to the caches, each of which has a source of its own. */
@Injectable()
export class MicroserviceAnnouncements {
  readonly #receivers = new Set<Receiver>();

  /** For one cache: it hears its own channels, and closing it leaves the others alone. */
  source(): AnnouncementSource {
    const receiver: Receiver = { channels: new Map(), onSubscribed: () => undefined };
    this.#receivers.add(receiver);
    return {
      subscribe: (channel, deliver) => void receiver.channels.set(channel, deliver),
      onSubscribed: (listener) => void (receiver.onSubscribed = listener),
      close: async () => void this.#receivers.delete(receiver),
    };
  }

  /** The controller received a message. */
  deliver(channel: string, message: unknown): void {
    for (const { channels } of this.#receivers) channels.get(channel)?.(message);
  }

  /** The server's subscription was confirmed. */
  confirmed(): void {
    for (const { onSubscribed } of this.#receivers) onSubscribed();
  }
}
