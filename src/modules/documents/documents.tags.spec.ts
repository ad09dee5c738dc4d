import { FACETS_TAG, listTag, tagsOfWrite } from './documents.tags.js';

const document = {
  id: '1',
  title: 'Title',
  body: 'Body',
  author: 'ann',
  topic: 'tea',
  labels: ['new'],
  version: 1,
  createdAt: '2026-11-23T00:00:00.000Z',
  updatedAt: '2026-11-23T00:00:00.000Z',
};

describe('tagsOfWrite', () => {
  it('names every list a moved document was in and is in', () => {
    const tags = tagsOfWrite({ before: document, after: { ...document, author: 'bob', labels: ['old'] } });
    const lists = [{}, { author: 'ann' }, { author: 'bob' }, { label: 'new' }, { label: 'old' }, { topic: 'tea' }].map(
      listTag,
    );
    expect(tags).toEqual(expect.arrayContaining(lists));
    expect(tags).not.toContain(listTag({ author: 'cat' }));
  });

  it('leaves the facets alone when nothing they count changed', () => {
    expect(tagsOfWrite({ before: document, after: { ...document, title: 'Better', labels: [] } })).not.toContain(
      FACETS_TAG,
    );
    expect(tagsOfWrite({ before: document, after: { ...document, body: 'Longer body' } })).toContain(FACETS_TAG);
    // Two units of UTF-16 each, and for the database one character and two.
    const [emoji, letters] = ['🫙', 'ab'].map((body) => ({ ...document, body }));
    expect(tagsOfWrite({ before: emoji!, after: letters! })).toContain(FACETS_TAG);
    expect(tagsOfWrite({ after: document })).toContain(FACETS_TAG);
    expect(tagsOfWrite({ before: document })).toContain(FACETS_TAG);
  });
});
