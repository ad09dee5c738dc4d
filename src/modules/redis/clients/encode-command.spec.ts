import fc from 'fast-check';
import { encodeCommand } from './encode-command.js';

describe('encodeCommand', () => {
  it('writes text as text, with lengths in bytes', () => {
    expect(encodeCommand('mget', ['k', -1.5, ''])).toBe('*4\r\n$4\r\nmget\r\n$1\r\nk\r\n$4\r\n-1.5\r\n$0\r\n\r\n');
    expect(encodeCommand('get', ['ключ'])).toEqual(Buffer.from('*2\r\n$3\r\nget\r\n$8\r\nключ\r\n'));
  });

  it('writes the same whether an argument is text or its bytes', () => {
    const anyArgs = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 });
    fc.assert(
      fc.property(anyArgs, fc.nat(), (args, which) => {
        const mixed = args.map((arg, i) => ((which >> i) & 1 ? Buffer.from(arg) : arg));
        expect(Buffer.from(encodeCommand('set', mixed)).equals(Buffer.from(encodeCommand('set', args)))).toBe(true);
      }),
    );
  });

  it('leaves bytes as they are', () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const encoded = Buffer.from(encodeCommand('set', ['k', bytes, 'px']));
    expect(encoded.includes(Buffer.concat([Buffer.from('$5\r\n'), bytes, Buffer.from('\r\n$2\r\npx\r\n')]))).toBe(true);
  });
});
