import { z } from 'zod';

/** One environment variable: its purpose, type and default. `.env.example` is checked against these. */
export interface ConfigVariable<S extends z.ZodType = z.ZodType> {
  /** Name in the environment. */
  readonly env: string;
  /** One sentence for operators: meaning, unit, default. */
  readonly doc: string;
  /** Parses the text and contains the default. */
  readonly schema: S;
  /** Whether its value is never printed. Default false. */
  readonly isSecret?: boolean;
}

type Variables = Record<string, ConfigVariable>;

/** The typed values of a section. */
export type ConfigOf<T> =
  T extends ConfigSection<infer V> ? { readonly [K in keyof V]: z.output<V[K]['schema']> } : never;

/** A module's part of the configuration: declared in its `x.config.ts`, injected by `@Inject(xConfig.KEY)`. */
export interface ConfigSection<V extends Variables = Variables> {
  readonly name: string;
  /** Injection token of the parsed values. A symbol, because an application may have sections of the same names. */
  readonly KEY: symbol;
  readonly variables: V;
  /** @throws ConfigError naming every invalid variable, never its value. */
  parse(env: NodeJS.ProcessEnv): { readonly [K in keyof V]: z.output<V[K]['schema']> };
}

/** An invalid environment; the message has a line per variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`Invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Declares a module's configuration.
 *
 * @example
 * export const redisConfig = defineConfig('redis', {
 *   poolSize: { env: 'REDIS_POOL_SIZE', doc: 'Data connections per lane. Default 2.', schema: z.coerce.number().int().min(1).default(2) },
 * });
 * export type RedisConfig = ConfigOf<typeof redisConfig>;
 */
export function defineConfig<V extends Variables>(name: string, variables: V): ConfigSection<V> {
  return {
    name,
    KEY: Symbol.for(`larder:config:${name}`),
    variables,
    parse(env) {
      const problems: string[] = [];
      const values: Record<string, unknown> = {};
      for (const [key, variable] of Object.entries(variables)) {
        // An empty variable means "not set", as in compose files and shells.
        const parsed = variable.schema.safeParse(env[variable.env] === '' ? undefined : env[variable.env]);
        if (parsed.success) values[key] = parsed.data;
        else
          problems.push(
            `${variable.env}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}. ${variable.doc}`,
          );
      }
      if (problems.length > 0) throw new ConfigError(problems);
      return Object.freeze(values) as ReturnType<ConfigSection<V>['parse']>;
    },
  };
}
