/** Whether the links of documents lead somewhere. Links to other hosts are not followed. */
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { inProject } from './project.mjs';

/** @returns a problem for each link to a file or a heading that does not exist. */
export function checkLinks(documents) {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  return documents.flatMap(({ path, links }) =>
    links
      .filter(({ url }) => !/^[a-z][a-z0-9+.-]*:/i.test(url))
      .map(({ line, url }) => ({ path, line, message: problemOf(path, url, byPath) }))
      .filter(({ message }) => message !== undefined),
  );
}

function problemOf(path, url, byPath) {
  const [file, anchor] = decodeURI(url).split('#');
  const target = file === '' ? path : posix.join(file.startsWith('/') ? '.' : posix.dirname(path), file);
  if (target.startsWith('..')) return `The link ${url} leads out of the project.`;
  if (!existsSync(inProject(target))) return `The link ${url} leads to ${target}, which does not exist.`;
  if (anchor !== undefined && !byPath.get(target)?.anchors.has(anchor))
    return `The link ${url} leads to a heading that does not exist in ${target}.`;
  return undefined;
}
