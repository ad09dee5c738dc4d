import type { FactoryProvider } from '@nestjs/common';

/**
 * The result of an indicator, for `HealthCheckService` of `@nestjs/terminus`. Its status is `up` or `degraded`; the type does
 * not say so, because Terminus 11 has no `degraded` in its types.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type IndicatorResult<K extends string> = Record<K, { readonly status: any } & Record<string, unknown>>;

/** Makes the result of a part that works, but worse than it should. */
export type DegradedResult = <K extends string>(key: K, data: object) => IndicatorResult<K>;

/** Injects {@link DegradedResult}. */
export const DEGRADED_RESULT = Symbol.for('larder:health:degraded-result');

/** Terminus 11 omits results that are neither up nor down, so there the result is up and says `isDegraded`. */
export const degradedResultProvider: FactoryProvider<DegradedResult> = {
  provide: DEGRADED_RESULT,
  useFactory: async () => {
    const hasStatus = await knowsDegraded();
    return (key, data) =>
      ({ [key]: hasStatus ? { ...data, status: 'degraded' } : { ...data, isDegraded: true, status: 'up' } }) as never;
  },
};

/** The result of a part that works. */
export function upResult<K extends string>(key: K, data: object): IndicatorResult<K> {
  return { [key]: { ...data, status: 'up' } } as IndicatorResult<K>;
}

async function knowsDegraded(): Promise<boolean> {
  try {
    const { HealthIndicatorService } = await import('@nestjs/terminus');
    return 'degraded' in new HealthIndicatorService().check('larder');
  } catch {
    // Without Terminus the application reads the results by itself.
    return true;
  }
}
