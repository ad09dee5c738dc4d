/** Whether the code in documents compiles against the sources. */
import ts from 'typescript';
import { ENTRIES } from './package-manifest.mjs';
import { inProject, root } from './project.mjs';

/** The line of a `compiled with` comment that the block takes the place of. */
const BLOCK = /^[ \t]*\/\/ the block$/m;

/**
 * Compiles each block as a module of its own, as strictly as the sources. A body `{ ... }` and a line `...` stand for code
 * that is left out.
 *
 * @returns a problem for each error, with its line in the document.
 */
export function checkCode(documents) {
  const modules = new Map(
    documents.flatMap(({ path, code }) =>
      code.map((block) => [inProject(`${path}.${block.line}.ts`), moduleOf(path, block)]),
    ),
  );
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, target, ...rest) =>
    modules.has(name)
      ? ts.createSourceFile(name, modules.get(name).text, target)
      : getSourceFile(name, target, ...rest);
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) =>
      problemOf(modules.get(name), file, diagnostic),
    );
  });
}

function moduleOf(path, { line, text, around }) {
  const code = text
    .replaceAll(/\{ (?:\.\.\.|…) \}/g, '{ throw new Error(); }')
    .replaceAll(/^[ \t]*(?:\.\.\.|…)$/gm, '');
  const [before, after = ''] = BLOCK.test(around) ? around.split(BLOCK) : [around];
  const linesBefore = before.split('\n').length - 1;
  return { path, line, linesBefore, lines: code.split('\n').length, text: `${before}${code}${after}\nexport {};\n` };
}

function problemOf({ path, line, linesBefore, lines }, file, { start = 0, messageText }) {
  const inModule = file.getLineAndCharacterOfPosition(start).line;
  const inBlock = Math.min(Math.max(inModule - linesBefore, 0), lines - 1);
  const where = inBlock === inModule - linesBefore ? '' : ' (in what it is compiled with)';
  return { path, line: line + inBlock, message: `${ts.flattenDiagnosticMessageText(messageText, '\n')}${where}` };
}

/** Those of the sources. The package's own name leads to the sources of its entries. */
function compilerOptions() {
  const { config } = ts.readConfigFile(inProject('tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const sources = Object.entries(ENTRIES).map(([entry, file]) => [
    entry === 'index' ? 'larder' : `larder/${entry}`,
    [`./src/${file}.ts`],
  ]);
  return { ...options, types: ['node'], paths: Object.fromEntries(sources), noEmit: true };
}
