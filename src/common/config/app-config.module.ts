import { type DynamicModule, Module } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { ConfigError, type ConfigSection } from './define-config.js';

/**
 * Parses every section of the configuration once and provides each under its `KEY` in the whole application. The environment
 * is an argument and is never read from the process, so that several applications with different settings run in one process.
 */
@Module({})
export class AppConfigModule {
  /** @throws ConfigError naming every invalid variable of every section. */
  static forRoot(env: NodeJS.ProcessEnv, sections: readonly ConfigSection[]): DynamicModule {
    const problems: string[] = [];
    const providers = sections.map((section) => ({ provide: section.KEY, useValue: parse(section, env, problems) }));
    if (problems.length > 0) throw new ConfigError(problems);
    // For modules that inject sections as `@nestjs/config` names them.
    const aliases = sections.map(({ name, KEY }) => ({ provide: getConfigToken(name), useExisting: KEY }));
    const all = [...providers, ...aliases];
    return { module: AppConfigModule, global: true, providers: all, exports: all.map(({ provide }) => provide) };
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
