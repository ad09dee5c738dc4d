/** An argument of a command. Numbers are written as decimals. */
export type CommandArgument = string | number | Buffer;

/**
 * Encodes a command in RESP: an array of bulk strings. The result is a string when all of it is ASCII, since sockets accept
 * strings directly.
 *
 * @param name lower-case ASCII.
 */
export function encodeCommand(name: string, args: readonly CommandArgument[]): string | Buffer {
  const pieces: (string | Buffer)[] = [];
  /** Number of bytes minus number of characters: 0 when all text is ASCII. */
  let more = 0;
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (typeof arg === 'string') {
      const length = Buffer.byteLength(arg);
      more += length - arg.length;
      text += `$${length}\r\n${arg}\r\n`;
    } else if (typeof arg === 'number') {
      const digits = `${arg}`;
      text += `$${digits.length}\r\n${digits}\r\n`;
    } else {
      pieces.push(`${text}$${arg.length}\r\n`, arg);
      text = '\r\n';
    }
  }
  if (pieces.length === 0) return more === 0 ? text : Buffer.from(text);
  pieces.push(text);
  return joined(pieces, more);
}

function joined(pieces: readonly (string | Buffer)[], more: number): Buffer {
  const encoding = more === 0 ? 'latin1' : 'utf8';
  let length = more;
  for (const piece of pieces) length += piece.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces)
    at += typeof piece === 'string' ? bytes.write(piece, at, encoding) : piece.copy(bytes, at);
  return bytes;
}
