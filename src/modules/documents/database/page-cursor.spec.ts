import type { PageRequest } from '../documents.schemas.js';
import { PageCursors } from './page-cursor.js';

const cursors = new PageCursors('secret');
const list: PageRequest = { limit: 20, sort: 'createdAt', order: 'desc' };
const id = '00000000-0000-4000-8000-000000000001';

describe('a cursor', () => {
  it.each([0, -1, -62_135_596_800_000, 253_402_300_799_999, 'title', '', 'ein "Titel", 😀'])(
    'leads back to %j',
    (value) => {
      for (const direction of ['next', 'previous'] as const) {
        const cursor = cursors.encode(list, { value, id, direction });
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(cursors.decode(list, cursor)).toEqual({ value, id, direction });
      }
    },
  );

  it('is refused when a byte of it was changed, and in any other form', () => {
    const cursor = cursors.encode(list, { value: 1, id, direction: 'next' });
    for (let i = 0; i < cursor.length; i++) {
      const changed = cursor.slice(0, i) + (cursor[i] === 'A' ? 'B' : 'A') + cursor.slice(i + 1);
      expect(() => cursors.decode(list, changed)).toThrow('not a cursor');
    }
    for (const text of ['', 'A', `${cursor}A`, `${cursor}=`, `${cursor} `, cursor.slice(0, -1), '💥', 'null', '\0'])
      expect(() => cursors.decode(list, text)).toThrow('not a cursor');
  });

  it.each<Partial<PageRequest>>([
    { author: 'ann' },
    { topic: 'tea' },
    { label: 'x' },
    { sort: 'title' },
    { order: 'asc' },
  ])('is for its own list, not for that of %j', (change) => {
    const cursor = cursors.encode(list, { value: 1, id, direction: 'next' });
    expect(() => cursors.decode({ ...list, ...change }, cursor)).toThrow('not a cursor');
    expect(cursors.decode({ ...list, limit: 5 }, cursor)).toMatchObject({ id });
  });

  it('is refused by a service with another secret', () => {
    const other = new PageCursors('other').encode(list, { value: 1, id, direction: 'next' });
    expect(() => cursors.decode(list, other)).toThrow('not a cursor');
  });
});
