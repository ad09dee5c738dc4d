import type { FactoryProvider } from '@nestjs/common';
import type { ConfigOf, ConfigSection } from './define-config.js';

/**
 * Provides a section's values to one module under a token of that module: the values of the application where it provides
 * them (the service does), else the defaults. The environment is never read.
 *
 * @param overrides token of the module's own options, which replace values of the section by their names.
 */
export function sectionProvider<S extends ConfigSection>(
  token: symbol,
  section: S,
  overrides?: symbol,
): FactoryProvider<ConfigOf<S>> {
  return {
    provide: token,
    useFactory: (values: ConfigOf<S> | undefined, own: object | undefined) =>
      Object.freeze({ ...(values ?? section.parse({})), ...definedOf(own ?? {}) }) as ConfigOf<S>,
    inject: [
      { token: section.KEY, optional: true },
      ...(overrides === undefined ? [] : [{ token: overrides, optional: true }]),
    ],
  };
}

function definedOf(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
