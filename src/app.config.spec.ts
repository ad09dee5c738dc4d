import { readFileSync } from 'node:fs';
import { configSections } from './app.config.js';
import { AppConfigModule } from './common/config/app-config.module.js';
import { renderConfigTables, renderEnvExample } from './common/config/config-reference.js';
import { ConfigError } from './common/config/define-config.js';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('the configuration', () => {
  it('stands in .env.example and in the guide as the code has it (npm run docs:config)', () => {
    expect(read('.env.example')).toBe(renderEnvExample(configSections));
    expect(read('docs/guides/configuration.md')).toContain(renderConfigTables(configSections));
  });

  it('has a sentence for every variable, and no variable twice', () => {
    const variables = configSections.flatMap(({ variables: all }) => Object.values(all));
    for (const { doc } of variables) expect(doc).toMatch(/^\S.*\.$/);
    const names = variables.map(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is complete with an empty environment', () => {
    expect(() => AppConfigModule.forRoot({}, configSections)).not.toThrow();
  });

  it('names every wrong variable at once, and no value', () => {
    const env = { PORT: 'banana', LOG_LEVEL: 'loud', ADMIN_TOKEN: 'hunter2', CACHE_TTL: 'soon' };
    const error = catchError(() => AppConfigModule.forRoot(env, configSections));
    expect(error).toBeInstanceOf(ConfigError);
    for (const name of Object.keys(env)) expect(String(error)).toContain(name);
    expect(String(error)).not.toContain('hunter2');
  });
});

function catchError(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
