import { Injectable } from '@nestjs/common';
import type { WarmUpSource } from './warm-up.source.js';

/** The sources of the warm-up. Modules register theirs in a constructor or in `onModuleInit`. */
@Injectable()
export class WarmUpRegistry {
  private sources: WarmUpSource[] | undefined = [];

  /** @throws Error after the warm-up has begun. */
  register(source: WarmUpSource): void {
    if (!this.sources) throw new Error(`${source.name}: the warm-up has begun. Register its sources in onModuleInit.`);
    this.sources.push(source);
  }

  /** All sources in groups of the same order, the lowest order first. Closes the registry. */
  take(): WarmUpSource[][] {
    const byOrder = Map.groupBy(this.sources ?? [], ({ order }) => order ?? 0);
    this.sources = undefined;
    return [...byOrder].sort(([left], [right]) => left - right).map(([, sources]) => sources);
  }
}
