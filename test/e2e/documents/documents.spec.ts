import type {
  Document,
  DocumentFacets,
  DocumentPage,
  NewDocument,
  SearchResult,
} from '../../../src/modules/documents/documents.schemas.js';
import { eventually } from '../../support/eventually.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const DRAFT: NewDocument = {
  title: 'On jars',
  body: 'A jar keeps what a cellar would not.',
  author: 'ann',
  topic: 'pantry',
  labels: ['glass'],
};

async function create(app: TestApp, draft: Partial<NewDocument> = {}): Promise<Document> {
  const response = await app.operator
    .post('/documents')
    .send({ ...DRAFT, ...draft })
    .expect(201);
  return response.body as Document;
}

/** Whether a response came from the cache, as it says itself (RFC 9211). */
const isHit = (response: { headers: Record<string, string> }) => /;\s*hit/.test(response.headers['cache-status'] ?? '');

describe('documents with nothing configured', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ DATABASE_DIR: 'memory://' });
    await create(app, { title: 'the first' });
  });
  afterAll(() => app.close());

  it('creates, reads, changes and deletes', async () => {
    const created = await app.operator.post('/documents').send(DRAFT).expect(201);
    const { id } = created.body as Document;
    expect(created.headers).toMatchObject({ etag: '"1"', location: `/documents/${id}` });
    expect(created.body).toMatchObject({ ...DRAFT, version: 1 });
    expect((await app.http.get(`/documents/${id}`).expect(200)).body).toEqual(created.body);

    const changed = await app.operator
      .patch(`/documents/${id}`)
      .set('if-match', '"1"')
      .send({ title: 'On lids' })
      .expect(200);
    expect(changed.headers['etag']).toBe('"2"');
    expect((await app.http.get(`/documents/${id}`).expect(200)).body).toMatchObject({
      ...DRAFT,
      title: 'On lids',
      version: 2,
    });

    await app.operator.delete(`/documents/${id}`).expect(204);
    await app.http.get(`/documents/${id}`).expect(404);
    await app.operator.delete(`/documents/${id}`).expect(404);
  });

  it('refuses a change by a client that did not see the last change', async () => {
    const { id } = await create(app);
    await app.operator.patch(`/documents/${id}`).set('if-match', '"1"').send({ title: 'First' }).expect(200);
    const late = await app.operator
      .patch(`/documents/${id}`)
      .set('if-match', '"1"')
      .send({ title: 'Second' })
      .expect(412);
    expect(late.body).toMatchObject({ type: 'urn:larder:stale-write', status: 412 });
    await app.operator.delete(`/documents/${id}`).set('if-match', '"1"').expect(412);
    await app.operator.delete(`/documents/${id}`).set('if-match', 'W/"2"').expect(412);
    expect((await app.http.get(`/documents/${id}`)).body).toMatchObject({ title: 'First', version: 2 });
  });

  it('takes an Idempotency-Key on every write', async () => {
    const send = (key: string, draft = DRAFT) =>
      app.operator.post('/documents').set('idempotency-key', key).send(draft);
    const [first, second] = [await send('a').expect(201), await send('"a"').expect(201)];
    expect(second.body).toEqual(first.body);
    expect(second.headers).toMatchObject({ etag: '"1"', location: first.headers['location'] });
    const { id } = first.body as Document;
    const reused = await send('a', { ...DRAFT, title: 'Other' }).expect(422);
    expect(reused.body).toMatchObject({ type: 'urn:larder:idempotency-key-reused' });
    await send('a key').expect(400);
    const bulk = () =>
      app.operator
        .post('/documents/bulk')
        .set('idempotency-key', 'b')
        .send({ documents: [DRAFT] })
        .expect(201);
    expect((await bulk()).body).toEqual((await bulk()).body);
    const change = () =>
      app.operator
        .patch(`/documents/${id}`)
        .set({ 'if-match': '"1"', 'idempotency-key': 'c' })
        .send({ title: 'On lids' })
        .expect(200);
    expect((await change()).body).toEqual((await change()).body);
    for (let time = 0; time < 2; time++)
      await app.operator.delete(`/documents/${id}`).set({ 'if-match': '"2"', 'idempotency-key': 'd' }).expect(204);
    await app.operator.delete(`/documents/${id}`).set('idempotency-key', 'e').expect(404);
  });

  it('answers 304 to a client that has the current version, also compressed, and accepts that ETag for a write', async () => {
    const { id } = await create(app, { body: 'word '.repeat(2_000) });
    const full = await app.http.get(`/documents/${id}`).set('accept-encoding', 'gzip').expect(200);
    const tag = full.headers['etag']!;
    await app.http.get(`/documents/${id}`).set('accept-encoding', 'gzip').set('if-none-match', tag).expect(304);
    await app.operator.patch(`/documents/${id}`).set('if-match', tag).send({ title: 'Changed' }).expect(200);
    await app.http.get(`/documents/${id}`).set('accept-encoding', 'gzip').set('if-none-match', tag).expect(200);
  });

  it('evicts exactly the entries that a write changed', async () => {
    const jars = await create(app, { author: 'jo', topic: 'jars' });
    const other = await create(app, { author: 'kim', topic: 'tins' });
    const paths = [
      `/documents/${other.id}`,
      '/documents?author=kim',
      '/documents?topic=tins',
      '/documents?author=jo',
      '/documents?topic=jars',
      '/documents',
      '/documents/facets',
    ];
    for (const path of paths) await app.http.get(path).expect(200);
    await app.operator.patch(`/documents/${jars.id}`).send({ title: 'Other jars' }).expect(200);
    const hits = new Map<string, boolean>();
    for (const path of paths) hits.set(path, isHit(await app.http.get(path).expect(200)));
    expect(Object.fromEntries(hits)).toEqual({
      [`/documents/${other.id}`]: true,
      '/documents?author=kim': true,
      '/documents?topic=tins': true,
      '/documents?author=jo': false,
      '/documents?topic=jars': false,
      '/documents': false,
      '/documents/facets': true,
    });
    await app.operator.patch(`/documents/${jars.id}`).send({ topic: 'tins' }).expect(200);
    expect(((await app.http.get('/documents?topic=tins')).body as DocumentPage).items.map(({ id }) => id)).toEqual([
      other.id,
      jars.id,
    ]);
    expect(((await app.http.get('/documents?topic=jars')).body as DocumentPage).items).toEqual([]);
    const facets = (await app.http.get('/documents/facets')).body as DocumentFacets;
    expect(facets.topics.values).toContainEqual({ value: 'tins', count: 2 });
  });

  it('tags a list by the meaning of its query, not by its spelling', async () => {
    await create(app, { author: 'spaced' });
    const list = async () => ((await app.http.get('/documents?author=%20spaced%20')).body as DocumentPage).items.length;
    expect(await list()).toBe(1);
    await create(app, { author: 'spaced' });
    expect(await list()).toBe(2);
  });

  it('knows a document by its id however that is written', async () => {
    const { id } = await create(app);
    const shouted = async () =>
      ((await app.http.get(`/documents/${id.toUpperCase()}`).expect(200)).body as Document).title;
    expect(await shouted()).toBe(DRAFT.title);
    await app.operator.patch(`/documents/${id}`).send({ title: 'Quiet' }).expect(200);
    expect(await shouted()).toBe('Quiet');
  });

  it('pages by cursor', async () => {
    for (const title of ['a', 'b', 'c']) await create(app, { title, author: 'pager' });
    const first = (await app.http.get('/documents?author=pager&limit=2').expect(200)).body as DocumentPage;
    const second = (await app.http.get(`/documents?author=pager&limit=2&cursor=${first.nextCursor}`).expect(200))
      .body as DocumentPage;
    expect([...first.items, ...second.items].map(({ title }) => title).toSorted()).toEqual(['a', 'b', 'c']);
    expect(second.nextCursor).toBeUndefined();
    const back = (await app.http.get(`/documents?author=pager&limit=2&cursor=${second.previousCursor}`).expect(200))
      .body as DocumentPage;
    expect(back.items).toEqual(first.items);
    expect(back.previousCursor).toBeUndefined();
    await app.http.get(`/documents?author=other&limit=2&cursor=${first.nextCursor}`).expect(400);
    await app.http.get(`/documents?author=pager&limit=2&order=asc&cursor=${first.nextCursor}`).expect(400);
    const byTitle = await app.http.get('/documents?author=pager&sort=title&order=asc').expect(200);
    expect((byTitle.body as DocumentPage).items.map(({ title }) => title)).toEqual(['a', 'b', 'c']);
  });

  it('creates many at once, and shows them in lists that were cached', async () => {
    const count = async () => ((await app.http.get('/documents?author=bulk')).body as DocumentPage).items.length;
    expect(await count()).toBe(0);
    const documents = ['x', 'y', 'z'].map((title) => ({ ...DRAFT, title, author: 'bulk' }));
    const { body } = await app.operator.post('/documents/bulk').send({ documents }).expect(201);
    expect(body.items.map(({ title }: Document) => title)).toEqual(['x', 'y', 'z']);
    expect(await count()).toBe(3);
    documents[2]!.title = '';
    const refused = await app.operator.post('/documents/bulk').send({ documents }).expect(400);
    expect(refused.body.errors).toEqual([expect.objectContaining({ pointer: '/documents/2/title' })]);
    expect(await count()).toBe(3);
    await app.operator.post('/documents/bulk').send({ documents: [] }).expect(400);
    const large = {
      documents: Array.from({ length: 30 }, () => ({ ...DRAFT, body: 'x'.repeat(90_000), author: 'large' })),
    };
    await app.operator.post('/documents/bulk').send(large).expect(201);
    const tooLarge = { documents: [{ ...DRAFT, body: 'x'.repeat(9_000_000) }] };
    await app.operator.post('/documents/bulk').send(tooLarge).expect(413);
  });

  it.each([
    ['a list of tags with the current one', '"7", "1"', 200],
    ['any version', '*', 200],
    ['a weak tag of the current version', 'W/"1"', 412],
    ['other tags', '"7", "8"', 412],
    ['a tag that only begins like the current one', '"1-zip"', 412],
    ['no list of tags', '1', 400],
    ['an empty list', '', 400],
  ])('answers a change that names %s', async (_what, ifMatch, status) => {
    const { id } = await create(app);
    await app.operator.patch(`/documents/${id}`).set('if-match', ifMatch).send({ title: 'x' }).expect(status);
    const left = status === 200 ? 204 : status;
    await app.operator.delete(`/documents/${id}`).set('if-match', ifMatch.replace('"1"', '"2"')).expect(left);
  });

  it('finds by meaning, and sees later writes', async () => {
    await create(app, { title: 'Feeding cats', body: 'A kitten should eat four small meals a day.', author: 'vet' });
    await create(app, {
      title: 'Tax deadlines',
      body: 'File the annual income statement before April.',
      author: 'clerk',
    });
    const request = () =>
      app.http.get('/documents/search').query({ q: 'how often does my pet need food', limit: 1 }).expect(200);
    /** Indexing follows a write in the background. */
    const expectFirst = (found: object) =>
      eventually(
        async () => {
          const { items, index } = (await request()).body as SearchResult;
          expect(index).toMatchObject({ pending: 0, skipped: 0, indexed: index.documents });
          expect(items[0]).toMatchObject(found);
        },
        { intervalMs: 50 },
      );
    await expectFirst({ title: 'Feeding cats' });
    const { id } = await create(app, {
      title: 'Meals for pets',
      body: 'How often does a pet need food? Twice a day.',
      author: 'vet',
    });
    await expectFirst({ id });
    await app.operator.delete(`/documents/${id}`).expect(204);
    await expectFirst({ title: 'Feeding cats' });
    const again = await request();
    expect(isHit(again)).toBe(true);
    await app.http
      .get('/documents/search')
      .query({ q: 'how often does my pet need food', limit: 1 })
      .set('if-none-match', again.headers['etag']!)
      .expect(304);
  });

  it.each([
    ['an empty title', { ...DRAFT, title: ' ' }, '/title'],
    ['a text that is too long', { ...DRAFT, body: 'x'.repeat(100_001) }, '/body'],
    ['too many labels', { ...DRAFT, labels: Array.from({ length: 21 }, String) }, '/labels'],
    ['a character the database can not keep', { ...DRAFT, title: 'nul\0' }, '/title'],
    ['an author that is no text', { ...DRAFT, author: 7 }, '/author'],
    ['half of a surrogate pair', { ...DRAFT, body: 'x\ud83d' }, '/body'],
    ['half of a surrogate pair in a label', { ...DRAFT, labels: ['ok', '\udc00'] }, '/labels/1'],
  ])('refuses %s with a problem that names the field', async (_name, draft, pointer) => {
    const { body } = await app.operator
      .post('/documents')
      .send(draft)
      .expect(400)
      .expect('content-type', /problem\+json/);
    expect(body).toMatchObject({ status: 400, errors: [expect.objectContaining({ pointer })] });
  });

  it.each([
    ['unknown fields', '/documents', { ...DRAFT, version: 9 }],
    [
      'prototype pollution',
      '/documents',
      JSON.parse('{"__proto__": {"x": 1}, "title": "t", "body": "b", "author": "a", "topic": "t"}'),
    ],
  ])('refuses %s', async (_name, path, body) => {
    await app.operator.post(path).send(body).expect(400);
  });

  it.each([
    '/documents/not-a-uuid',
    '/documents?limit=0',
    '/documents?limit=101',
    '/documents?cursor=made-up',
    '/documents?cursor=',
    '/documents?cursor=%00',
    '/documents?cursor=%F0%9F%AB%99',
    '/documents?cursor=WzEsMl0',
    `/documents?cursor=${'A'.repeat(64)}`,
    `/documents?cursor=${'A'.repeat(5_000)}`,
    '/documents?cursor=a&cursor=b',
    '/documents?author=a&author=b',
    '/documents?unknown=1',
    '/documents?author=a%00',
    '/documents/search',
    '/documents/search?q=%20',
  ])('answers 400 to GET %s', async (path) => {
    await app.http
      .get(path)
      .expect(400)
      .expect('content-type', /problem\+json/);
  });

  it('refuses a change of nothing', async () => {
    const { id } = await create(app);
    await app.operator.patch(`/documents/${id}`).send({}).expect(400);
  });

  it('describes itself', async () => {
    const { body } = await app.operator.get('/docs-json').expect(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/documents', '/documents/{id}', '/documents/facets', '/documents/search']),
    );
    const schema = JSON.stringify(body.paths['/documents'].post);
    for (const field of Object.keys(DRAFT)) expect(schema).toContain(`"${field}"`);
  });

  it('describes its limits and its errors', async () => {
    const { body } = await app.operator.get('/docs-json').expect(200);
    const { requestBody, responses } = body.paths['/documents'].post;
    const { properties } = requestBody.content['application/json'].schema;
    expect(properties).toMatchObject({
      title: { type: 'string', minLength: 1, maxLength: 300 },
      body: { maxLength: 100_000 },
      labels: { maxItems: 20, items: { maxLength: 100 } },
    });
    for (const status of ['400', '401', '413', '415'])
      expect(responses[status].content['application/problem+json'].schema.properties).toHaveProperty('detail');
    const parameters = new Map<string, { schema: object }>(
      body.paths['/documents'].get.parameters.map((parameter: { name: string; schema: object }) => [
        parameter.name,
        parameter,
      ]),
    );
    expect(parameters.get('limit')!.schema).toMatchObject({ minimum: 1, maximum: 100, default: 20 });
    expect(parameters.get('sort')!.schema).toMatchObject({ enum: ['createdAt', 'updatedAt', 'title'] });
    expect(parameters.get('author')!.schema).toMatchObject({ maxLength: 100 });
    const bulk = body.paths['/documents/bulk'].post.requestBody.content['application/json'].schema;
    expect(bulk.properties.documents).toMatchObject({ minItems: 1, maxItems: 100 });
  });
});
