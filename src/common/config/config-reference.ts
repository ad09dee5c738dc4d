import type { ConfigSection } from './define-config.js';

/** Renders `.env.example`: every variable with its description, commented out, so that a copy changes no setting before it is edited. */
export function renderEnvExample(sections: readonly ConfigSection[]): string {
  const parts = sections.map(({ name, variables }) => {
    const lines = Object.values(variables).map(({ env, doc }) => `# ${doc}\n#${env}=\n`);
    return `# ---- ${name} ----\n\n${lines.join('\n')}`;
  });
  return `# Larder's configuration. Copy to .env and change what you need; npm start reads it. An empty value means "not set".\n\n${parts.join('\n')}`;
}

/** Renders the tables of `docs/guides/configuration.md`, one per section. */
export function renderConfigTables(sections: readonly ConfigSection[]): string {
  return sections
    .map(({ name, variables }) => {
      const rows = Object.values(variables).map(
        ({ env, doc, isSecret }) => `| \`${env}\` | ${doc.replaceAll('|', '\\|')}${isSecret ? ' Secret.' : ''} |`,
      );
      return `## ${name}\n\n| variable | meaning |\n|---|---|\n${rows.join('\n')}\n`;
    })
    .join('\n');
}
