const TOKEN = new RegExp(
  [
    String.raw`(?<runs>/\*M?!)`,
    String.raw`(?<comment>/\*[\s\S]*?\*/|#[^\n]*|--(?=[\s\u0000-\u001f]|$)[^\n]*)`,
    String.raw`(?<text>'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*")`,
    String.raw`(?<quoted>` + '`(?:[^`]|``)*`)',
    String.raw`(?<word>[\p{L}\p{N}_$@]+)`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<mark>[\s\S])`,
  ].join('|'),
  'gu',
);
const VERBS = new Set(['insert', 'replace', 'update', 'delete']);
const MODIFIERS = new Set(['low_priority', 'high_priority', 'delayed', 'quick', 'ignore']);
const SHARE_LOCK = /\block\s+in\s+share\s+mode\b/i;

/**
 * A text of MySQL or MariaDB as the parser reads it rightly: without the modifiers of its verbs (`update ignore t` changes
 * what `update t` does), without comments, and with `for share` where it says `lock in share mode`.
 *
 * @throws when it holds a comment that the server runs, or when it means another thing with the sql mode
 *   NO_BACKSLASH_ESCAPES than without.
 */
export function prepareMysql(statement: string): string {
  let prepared = '';
  let isAfterVerb = false;
  for (const { 0: token, groups = {} } of statement.matchAll(TOKEN)) {
    const { runs, comment, text, word, mark } = groups;
    if (runs !== undefined) throw new Error('A comment that the server runs is not understood');
    if (text !== undefined && endsByBackslash(text)) throw new Error('The end of a string depends on the sql mode');
    if (mark === "'" || mark === '"' || mark === '`') throw new Error('A string or a name has no end');
    if (comment !== undefined) prepared += ' ';
    else if (!(isAfterVerb && word !== undefined && MODIFIERS.has(word.toLowerCase()))) {
      prepared += token;
      if (groups['space'] === undefined) isAfterVerb = word !== undefined && VERBS.has(word.toLowerCase());
    }
  }
  return prepared.replace(SHARE_LOCK, 'for share');
}

/** Whether a quote in it follows an odd number of backslashes: it ends the string only with NO_BACKSLASH_ESCAPES. */
function endsByBackslash(text: string): boolean {
  return /(?<!\\)(?:\\\\)*\\['"]/.test(text.slice(1));
}
