/** Writes `.env.example` and the tables of `docs/guides/configuration.md` from the sections the code declares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ensureBuild } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { inProject } from './lib/project.mjs';

ensureDependencies();
ensureBuild();
const { configSections } = await import(inProject('dist', 'app.config.js'));
const { renderConfigTables, renderEnvExample } = await import(
  inProject('dist', 'common', 'config', 'config-reference.js')
);
writeFileSync(inProject('.env.example'), renderEnvExample(configSections));
const guide = inProject('docs', 'guides', 'configuration.md');
const [introduction] = readFileSync(guide, 'utf8').split(/^## /m, 1);
writeFileSync(guide, introduction + renderConfigTables(configSections));
