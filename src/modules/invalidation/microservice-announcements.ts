import { Injectable } from '@nestjs/common';
import type { AnnouncementSource } from '../cache/index.js';

/** Hands what the microservice receives to the cache. */
@Injectable()
export class MicroserviceAnnouncements implements AnnouncementSource {
  readonly #receivers = new Map<string, (message: unknown) => void>();
  #onSubscribed: () => void = () => undefined;

  subscribe(channel: string, deliver: (message: unknown) => void): void {
    this.#receivers.set(channel, deliver);
  }

  onSubscribed(listener: () => void): void {
    this.#onSubscribed = listener;
  }

  /** The controller received a message. */
  deliver(channel: string, message: unknown): void {
    this.#receivers.get(channel)?.(message);
  }

  /** The server's subscription was confirmed. */
  confirmed(): void {
    this.#onSubscribed();
  }

  async close(): Promise<void> {
    this.#receivers.clear();
  }
}
