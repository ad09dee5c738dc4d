import { Injectable } from '@nestjs/common';
import { systemClock } from '../../clock.js';
import { WrongSecretThrottle } from './wrong-secret-throttle.js';

/** Counts wrong secrets, at each door apart: wrong tokens for one door leave every other door as it was. */
@Injectable()
export class WrongSecrets {
  private readonly doors = new Map<string, WrongSecretThrottle>();

  /**
   * Counts a wrong secret at a door. Returns 0, or after ten in a minute from one network the seconds to wait: the answer is 429
   * then.
   *
   * @param door name of what the secret would open. There are few of them; never text of a request.
   */
  count(door: string, address: string): number {
    let throttle = this.doors.get(door);
    if (!throttle) this.doors.set(door, (throttle = new WrongSecretThrottle(systemClock)));
    return throttle.countFailure(address);
  }
}
