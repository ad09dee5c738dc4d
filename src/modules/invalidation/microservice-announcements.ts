import { Injectable } from '@nestjs/common';
import type { AnnouncementSource } from '../cache/nest.js';

interface AnnouncementListener {
  readonly channels: Map<string, (message: unknown) => void>;
  onSubscribed: () => void;
}

/** Passes the announcements that the microservice receives on to the caches. Each cache has its own source. */
@Injectable()
export class MicroserviceAnnouncements {
  readonly #receivers = new Set<AnnouncementListener>();

  /** A source for one cache: it delivers the channels of that cache, and closing it does not affect other caches. */
  source(): AnnouncementSource {
    const receiver: AnnouncementListener = { channels: new Map(), onSubscribed: () => undefined };
    this.#receivers.add(receiver);
    return {
      subscribe: (channel, deliver) => void receiver.channels.set(channel, deliver),
      onSubscribed: (listener) => void (receiver.onSubscribed = listener),
      close: async () => void this.#receivers.delete(receiver),
    };
  }

  /** Called by the controller for each message. */
  deliver(channel: string, message: unknown): void {
    for (const { channels } of this.#receivers) channels.get(channel)?.(message);
  }

  /** Called when the subscription of the server is confirmed. */
  confirmed(): void {
    for (const { onSubscribed } of this.#receivers) onSubscribed();
  }
}
