import { createHash } from 'node:crypto';
import type { Document, NewDocument, SearchResult } from '../../../src/modules/documents/documents.schemas.js';
import { DocumentIndexer } from '../../../src/modules/documents/index.js';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const DRAFT: NewDocument = { title: 'On jars', body: 'A jar keeps.', author: 'ann', topic: 'pantry', labels: [] };
const MODEL = { EMBEDDING_DEFAULT_MODEL: 'bge-small', OPENAI_MODELS: 'bge-small:1-384,text-embedding-3-small:1-1536' };
const PATIENT = { intervalMs: 50 };

describe('search on PostgreSQL, with vectors of an upstream', () => {
  let postgres: PostgresServer;
  let upstream: EmbeddingUpstream;
  let url: string;
  let env: NodeJS.ProcessEnv;
  const apps: TestApp[] = [];

  beforeAll(async () => {
    [postgres, upstream] = await Promise.all([PostgresServer.start(), EmbeddingUpstream.start()]);
  });
  beforeEach(async () => {
    await upstream.reset();
    url = await postgres.createDatabase();
    env = { ...upstream.openAiEnv, ...MODEL, DATABASE_URL: url };
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(() => Promise.all([postgres.stop(), upstream.stop()]));

  const start = async (more: NodeJS.ProcessEnv = {}) => {
    const app = await startApp({ ...env, ...more });
    apps.push(app);
    // Opens the database, which makes the tables.
    await app.http.get('/documents').expect(200);
    return app;
  };
  const create = async (app: TestApp, draft: Partial<NewDocument>) =>
    (
      await app.operator
        .post('/documents')
        .send({ ...DRAFT, ...draft })
        .expect(201)
    ).body as Document;
  const search = async (app: TestApp, q = 'jars') =>
    (await app.operator.get('/documents/search').query({ q }).expect(200)).body as SearchResult;
  /** Asks a new question each time: a cached result has the state of the index when it was made. */
  let asked = 0;
  const expectIndex = (app: TestApp, index: Partial<SearchResult['index']>) =>
    eventually(async () => {
      const result = await search(app, `question ${++asked}`);
      expect(result.index).toMatchObject(index);
      return result;
    }, PATIENT);
  const importBySql = (count: number) =>
    postgres.query(
      `insert into documents (title, body, author, topic)
       select 'Document ' || i, 'Text ' || i, 'sql', 't' from generate_series(1, $1::int) as i`,
      [count],
      url,
    );

  it('leaves out a text that the model refuses, says why in the document, and finds the others', async () => {
    const app = await start();
    const good = await create(app, { title: 'Fine' });
    const bad = await create(app, { title: 'Poison ☠' });
    expect((await app.http.get(`/documents/${bad.id}`)).body).not.toHaveProperty('searchProblem');
    const { items } = await expectIndex(app, { documents: 2, indexed: 1, pending: 0, skipped: 1 });
    expect(items.map(({ id }) => id)).toEqual([good.id]);
    const refused = await eventually(async () => {
      const reply = await app.http.get(`/documents/${bad.id}`);
      expect(reply.body).toMatchObject({
        searchProblem: expect.stringMatching(/^The embedding model refused the text/),
      });
      return reply;
    });
    expect(refused.body.searchProblem).not.toContain('☠');
    await app.operator.patch(`/documents/${bad.id}`).send({ title: 'Better' }).expect(200);
    await expectIndex(app, { indexed: 2, pending: 0, skipped: 0 });
    expect((await app.http.get(`/documents/${bad.id}`)).body).not.toHaveProperty('searchProblem');
  });

  it('takes the keys of the gateway for a question, and counts it against the limits of the key', async () => {
    const digest = (key: string) => createHash('sha256').update(key).digest('hex');
    const app = await start({
      DOCUMENTS_INDEXING: 'false',
      EMBEDDING_API_KEYS: `two=${digest('key-two')};texts-per-day=2,slow=${digest('key-slow')};rpm=2`,
    });
    const ask = (q: string, headers: Record<string, string> = {}) =>
      app.http.get('/documents/search').query({ q }).set(headers);
    const [two, slow] = ['key-two', 'key-slow'].map((key) => ({ authorization: `Bearer ${key}` }));
    const { calls } = await upstream.stats();
    const refused = await ask('for free?').expect(401);
    expect(refused.type).toBe('application/problem+json');
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="larder"');
    await ask('for free?', { authorization: 'Bearer wrong' }).expect(401);
    expect((await upstream.stats()).calls).toBe(calls);

    await ask('one', two).expect(200);
    await ask('two', two).expect(200);
    // Known by now, so free.
    await ask('one', two).expect(200);
    await ask('three', two).expect(429);
    expect((await upstream.stats()).calls).toBe(calls + 2);
    await ask('one', slow).expect(200);
    await ask('two', slow).expect(200);
    const limited = await ask('one', slow).expect(429);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    // What a response cache holds is for those with a key as well.
    await ask('one').expect(401);
  });

  it('cuts a long text between characters', async () => {
    const app = await start();
    for (const length of [7_990, 7_991]) await create(app, { title: 'Long', body: `${'x'.repeat(length)}😀😀😀` });
    await expectIndex(app, { documents: 2, indexed: 2, skipped: 0 });
  });

  it('indexes documents that were imported by SQL without a search, and answers searches meanwhile', async () => {
    const app = await start();
    await create(app, {});
    await importBySql(300);
    const answers = await Promise.all(Array.from({ length: 24 }, (_, i) => search(app, `meanwhile ${i}`)));
    for (const { index } of answers) expect(index.documents - index.indexed).toBe(index.pending);
    await expectIndex(app, { documents: 301, indexed: 301, pending: 0 });
    expect((await upstream.stats()).textCounts).not.toHaveProperty('undefined');
  });

  it('embeds each text once on two instances, and goes on when the one that indexes ends', async () => {
    const [first, second] = [await start(), await start()];
    await importBySql(100);
    await expectIndex(first, { documents: 100, indexed: 100 });
    const states = () => [first, second].map((app) => app.get<DocumentIndexer>(DocumentIndexer).progress().state);
    await eventually(() => expect(states().toSorted()).toEqual(['complete', 'standby']), PATIENT);
    const counts = Object.entries((await upstream.stats()).textCounts).filter(([text]) => text.startsWith('Document'));
    expect(counts).toHaveLength(100);
    expect(counts.filter(([, count]) => count > 1)).toEqual([]);

    const indexing = states()[0] === 'complete' ? first : second;
    await indexing.close();
    const left = apps.splice(0).find((app) => app !== indexing)!;
    apps.push(left);
    await create(left, {});
    await expectIndex(left, { documents: 101, indexed: 101, pending: 0 });
  });

  it('goes on after a restart where it stopped', async () => {
    const app = await start({ DOCUMENTS_INDEX_TEXTS_PER_MINUTE: '64' });
    await importBySql(200);
    const indexed = await eventually(async () => {
      const { index } = await search(app, `question ${++asked}`);
      expect(index.indexed).toBeGreaterThan(0);
      return index.indexed;
    }, PATIENT);
    expect(indexed).toBeLessThan(200);
    await apps.splice(0)[0]!.close();
    const before = (await upstream.stats()).texts;
    const again = await start();
    await expectIndex(again, { indexed: 200, pending: 0 });
    const paid = (await upstream.stats()).texts - before;
    expect(paid).toBeLessThanOrEqual(200 - indexed + asked);
  });

  it('makes vectors of another width or model anew, and never compares old ones with them', async () => {
    const first = await start({ EMBEDDING_DIMENSIONS: '64' });
    const { id } = await create(first, {});
    await expectIndex(first, { indexed: 1 });
    await apps.splice(0)[0]!.close();
    for (const changed of [
      { EMBEDDING_DIMENSIONS: '32' },
      { EMBEDDING_DIMENSIONS: '64', EMBEDDING_DEFAULT_MODEL: 'text-embedding-3-small' },
    ]) {
      const app = await start(changed);
      const result = await search(app, `after a change ${++asked}`);
      expect(result.index.indexed === 1 || result.items.length === 0).toBe(true);
      const { items } = await expectIndex(app, { indexed: 1, pending: 0 });
      expect(items.map((item) => item.id)).toEqual([id]);
      await apps.splice(0)[0]!.close();
    }
  });

  it('answers with the indexed documents while the model is away, and goes on when it is back', async () => {
    const app = await start({ EMBEDDING_UPSTREAM_BUDGET: '200ms' });
    const { id } = await create(app, {});
    await expectIndex(app, { indexed: 1 });
    // Cached by now: a question of which the vector is known costs nothing.
    await search(app, 'known');
    await upstream.configure({ key: 'another key' });
    await create(app, { title: 'Later' });
    const indexer = app.get<DocumentIndexer>(DocumentIndexer);
    await eventually(
      () => expect(indexer.progress()).toMatchObject({ state: 'waiting', reason: expect.stringContaining('upstream') }),
      PATIENT,
    );
    expect((await app.operator.get('/health').expect(200)).body).toMatchObject({
      status: 'degraded',
      details: { search: { status: 'degraded', state: 'waiting', indexed: 1 } },
    });
    const { items, index } = await search(app, 'known');
    expect(items.map((item) => item.id)).toEqual([id]);
    expect(index).toMatchObject({ indexed: 1, pending: 1 });
    await upstream.configure({ key: 'upstream-key' });
    await eventually(() => expect(indexer.progress()).toMatchObject({ state: 'complete', indexed: 2 }), PATIENT);
  });
});
