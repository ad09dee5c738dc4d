/**
 * Checks the Markdown files: their TypeScript and JavaScript blocks compile, and their links lead to files and headings that
 * exist, and decisions are numbered without a gap. Looks at nothing outside the project. CONTRIBUTING.md says how to write a block that is a fragment.
 */
import { execFileSync } from 'node:child_process';
import { checkCode } from './lib/doc-code.mjs';
import { checkDecisions } from './lib/doc-decisions.mjs';
import { checkLinks } from './lib/doc-links.mjs';
import { readMarkdown } from './lib/markdown.mjs';
import { root } from './lib/project.mjs';

const git = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
const documents = execFileSync('git', git, { cwd: root, encoding: 'utf8' }).trim().split('\n').map(readMarkdown);

// Sources name documents in their comments.
const sources = ['*.ts', '*.mjs', '*.lua'].map((pattern) => `:(glob)**/${pattern}`);
const named = execFileSync('git', ['grep', '-noE', 'docs/[a-zA-Z0-9/_-]+\\.md', '--', ...sources], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .map((hit) => hit.split(':'))
  .map(([path, line, url]) => ({ path, anchors: new Set(), code: [], links: [{ line, url: `/${url}` }] }));

const problems = [...checkLinks([...documents, ...named]), ...checkCode(documents), ...checkDecisions(documents)];
for (const { path, line, message } of problems) console.error(`${path}:${line} ${message}`);
const blocks = documents.reduce((sum, { code }) => sum + code.length, 0);
const links = documents.reduce((sum, document) => sum + document.links.length, 0);
console.log(`${documents.length} documents, ${blocks} code blocks, ${links} links: ${problems.length} problems.`);
process.exitCode = problems.length > 0 ? 1 : 0;
