import { Controller, Inject, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { MicroserviceAnnouncements } from './microservice-announcements.js';

/**
 * The controller that receives announcements on one channel. A class per channel, because Nest reads the pattern when
 * the class is made, and the channel carries the cache's namespace.
 */
export function invalidationController(channel: string): Type {
  @Controller()
  class InvalidationController {
    constructor(@Inject(MicroserviceAnnouncements) private readonly announcements: MicroserviceAnnouncements) {}

    @EventPattern(channel)
    receive(@Payload() message: unknown): void {
      this.announcements.deliver(channel, message);
    }
  }
  return InvalidationController;
}
