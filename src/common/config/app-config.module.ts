import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigError, type ConfigSection } from './define-config.js';

/**
 * Parses every section of the configuration once and provides each under its `KEY`, everywhere in the app. The
 * environment is given, never read from the process: several apps with different settings run in one process.
 */
@Module({})
export class AppConfigModule {
  /** @throws ConfigError naming every wrong variable of every section at once. */
  static forRoot(env: NodeJS.ProcessEnv, sections: readonly ConfigSection[]): DynamicModule {
    const problems: string[] = [];
    const providers = sections.map((section) => ({ provide: section.KEY, useValue: parse(section, env, problems) }));
    if (problems.length > 0) throw new ConfigError(problems);
    return { module: AppConfigModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}

function parse(section: ConfigSection, env: NodeJS.ProcessEnv, problems: string[]): unknown {
  try {
    return section.parse(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
