/** Reads code blocks, links and headings from a Markdown file, for the checks of the documents. */
import { readFileSync } from 'node:fs';
import GithubSlugger from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';
import { inProject } from './project.mjs';

const CODE_LANGUAGES = new Set(['ts', 'typescript', 'js', 'javascript', 'mjs']);
/** A path of the project in backticks, such as `src/main.ts`. */
const PROJECT_PATH = /^(?:src|test|docs|bench|scripts|ops)\/[\w./-]+$/;
const COMPILED_WITH = /^<!-- compiled with:\n(?<code>[^]*)-->$/;

/**
 * @param path from the root of the project.
 * @returns its links, images and paths in backticks (as links from the root), the anchors of its headings, and its blocks of TypeScript and JavaScript, each with the
 *   code of the `compiled with` comment before it.
 */
export function readMarkdown(path) {
  const tree = fromMarkdown(readFileSync(inProject(path), 'utf8'));
  const slugger = new GithubSlugger();
  const document = { path, links: [], anchors: new Set(), code: [] };
  visit(tree, (node, index, parent) => {
    const line = node.position.start.line;
    if (node.type === 'heading') document.anchors.add(slugger.slug(toString(node)));
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition')
      document.links.push({ line, url: node.url });
    if (node.type === 'inlineCode' && PROJECT_PATH.test(node.value))
      document.links.push({ line, url: `/${node.value}` });
    if (node.type === 'html') for (const [, id] of node.value.matchAll(/\sid="([^"]+)"/g)) document.anchors.add(id);
    if (node.type === 'code' && CODE_LANGUAGES.has(node.lang)) {
      const before = parent.children[index - 1];
      const comment = before?.type === 'html' ? COMPILED_WITH.exec(before.value) : null;
      // The first line of code follows the line of the fence.
      document.code.push({ line: line + 1, text: node.value, around: comment?.groups.code ?? '' });
    }
  });
  return document;
}
