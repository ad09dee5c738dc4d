import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Document, DocumentFacets, DocumentPage } from '../../../src/modules/documents/documents.schemas.js';
import { HistoryChecker } from '../../consistency/history-checker.js';
import type { ReadEvent } from '../../consistency/protocol.js';
import { nowMs } from '../../consistency/world.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { SEED, seededRandom } from '../../support/seeded-random.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const DRAFT = { title: 'old', body: 'text', author: 'ann', topic: 'tea' };

describe('documents on two instances with one Redis and one PostgreSQL', () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  let url: string;
  let here: TestApp;
  let there: TestApp;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    url = await postgres.createDatabase();
    const env = { REDIS_URL: redis.url, DATABASE_URL: url };
    here = await startApp(env);
    there = await startApp(env);
    await create({});
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  const create = async (draft: object) =>
    (
      await here.operator
        .post('/documents')
        .send({ ...DRAFT, ...draft })
        .expect(201)
    ).body as Document;
  const title = async (app: TestApp, id: string) =>
    ((await app.http.get(`/documents/${id}`).expect(200)).body as Document).title;

  it('shows a write of one on the other, in the document, in lists and in facets', async () => {
    const { id } = await create({ author: 'fleet' });
    const list = async () =>
      ((await there.http.get('/documents?author=fleet')).body as DocumentPage).items.map((item) => item.title);
    const counted = async () =>
      ((await there.http.get('/documents/facets')).body as DocumentFacets).authors.values.find(
        ({ value }) => value === 'fleet',
      )?.count;
    expect([await title(there, id), await list(), await counted()]).toEqual(['old', ['old'], 1]);
    await here.operator.patch(`/documents/${id}`).send({ title: 'new' }).expect(200);
    expect(await title(here, id)).toBe('new');
    await eventually(async () => expect([await title(there, id), await list()]).toEqual(['new', ['new']]));
    await create({ author: 'fleet' });
    await eventually(async () => expect(await counted()).toBe(2));
  });

  it('shares the result that one of them read', async () => {
    // A hit is never promised: on a busy machine Redis may be given up on for a moment.
    await eventually(async () => {
      const { id } = await create({});
      expect(await title(here, id)).toBe('old');
      await postgres.query(`update documents set title = 'unseen' where id = $1`, [id], url);
      expect(await title(there, id)).toBe('old');
    });
  });

  it('answers cached reads while the database is away, 503 to the others, and recovers by itself', async () => {
    const [known, unknown] = [await create({}), await create({})];
    expect(await title(here, known.id)).toBe('old');
    await postgres.crash();
    expect(await title(here, known.id)).toBe('old');
    expect(await title(there, known.id)).toBe('old');
    const refused = await here.http.get(`/documents/${unknown.id}`).expect(503);
    expect(refused.body).toMatchObject({ type: 'urn:larder:database-unavailable' });
    await here.operator.patch(`/documents/${known.id}`).send({ title: 'lost' }).expect(503);
    expect(await title(here, known.id)).toBe('old');
    await postgres.restart();
    await eventually(async () => expect(await title(here, unknown.id)).toBe('old'));
    await here.operator.patch(`/documents/${known.id}`).send({ title: 'new' }).expect(200);
    expect(await title(here, known.id)).toBe('new');
  });

  it('starts while its database is away, and answers 503 only to requests that need it', async () => {
    const app = await startApp({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
    const { body } = await app.http.get('/documents').expect(503);
    expect(body).toMatchObject({ type: 'urn:larder:database-unavailable', detail: 'Try again in a moment.' });
    await app.http.get('/health/live').expect(200);
    await app.close();
  });

  it('lets only callers with the token write, where a token is set, and all callers read', async () => {
    const token = 'a-token-of-some-length';
    const app = await startApp({ DATABASE_URL: url, DOCUMENTS_TOKEN: token });
    await app.operator
      .post('/documents')
      .send(DRAFT)
      .expect(401)
      .expect('content-type', /problem\+json/);
    await app.operator.post('/documents').set('authorization', `Bearer ${token}x`).send(DRAFT).expect(401);
    const { body } = await app.operator
      .post('/documents')
      .set('authorization', `Bearer ${token}`)
      .send(DRAFT)
      .expect(201);
    await app.operator.patch(`/documents/${body.id}`).send({ title: 'x' }).expect(401);
    await app.operator.delete(`/documents/${body.id}`).expect(401);
    await app.http.get(`/documents/${body.id}`).expect(200);
    await app.close();
  });

  it('leaves no tags in Redis for documents and lists that do not exist', async () => {
    const client = new Redis(redis.url);
    const tags = async () => (await client.keys('*')).filter((key) => /document:|documents:list:/.test(key)).length;
    const { id } = await create({ author: 'real' });
    const read = async (missing: string) => {
      await here.http.get(`/documents/${missing}`).expect(404);
      await here.http.get(`/documents?author=${missing}&topic=${missing}`).expect(200);
      await here.http.get(`/documents?label=${missing}`).expect(200);
    };
    await read(randomUUID());
    const before = await tags();
    for (let i = 0; i < 20; i++) await read(randomUUID());
    expect(await tags()).toBe(before);
    // Yet a list that was empty shows its first document, and a document shows its change.
    expect(await title(here, id)).toBe('old');
    const author = randomUUID();
    const list = async () => ((await here.http.get(`/documents?author=${author}`)).body as DocumentPage).items.length;
    expect(await list()).toBe(0);
    await create({ author });
    expect(await list()).toBe(1);
    await create({ author });
    expect(await list()).toBe(2);
    client.disconnect();
  });

  it('refuses a change without If-Match where it is required', async () => {
    const app = await startApp({ DATABASE_URL: url, DOCUMENTS_REQUIRE_IF_MATCH: 'true' });
    const { id } = await create({});
    const { body } = await app.operator.patch(`/documents/${id}`).send({ title: 'x' }).expect(428);
    expect(body).toMatchObject({ type: 'urn:larder:precondition-required', status: 428 });
    await app.operator.delete(`/documents/${id}`).expect(428);
    await app.operator.patch(`/documents/${id}`).set('if-match', '*').send({ title: 'x' }).expect(200);
    await app.operator.delete(`/documents/${id}`).set('if-match', '"2"').expect(204);
    await app.close();
  });

  it('loses no write of two writers who both use If-Match', async () => {
    const { id } = await create({ title: '0' });
    const increment = async (app: TestApp): Promise<void> => {
      const current = await app.http.get(`/documents/${id}`);
      const sent = await app.operator
        .patch(`/documents/${id}`)
        .set('if-match', current.headers['etag']!)
        .send({ title: String(Number(current.body.title) + 1) });
      if (sent.status === 412) return increment(app);
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => increment(i % 2 ? here : there)));
    await eventually(async () => expect([await title(here, id), await title(there, id)]).toEqual(['10', '10']));
  });

  it(`never shows an older version than one that was acknowledged, on either instance, seed ${SEED}`, async () => {
    const documents = await Promise.all(Array.from({ length: 4 }, (_, i) => create({ author: `author ${i}` })));
    const apps = [here, there];
    // Both instances, their database and Redis are busy with this one process: the bus waits for its event loop.
    const checker = new HistoryChecker({ busMs: 1_000, settleMs: 0 });
    const reads: ReadEvent[] = [];
    const newest = documents.map(() => 1);
    const read = async (worker: number, key: number, isOne: boolean) => {
      const { http } = apps[worker]!;
      const startMs = nowMs();
      const { body } = await http.get(isOne ? `/documents/${documents[key]!.id}` : `/documents?author=author%20${key}`);
      const { version } = (isOne ? body : body.items[0]) as Document;
      reads.push({ worker, key, operation: isOne ? 'getOrLoad' : 'getOrLoadMany', startMs, endMs: nowMs(), version });
    };
    const write = async (worker: number, key: number) => {
      const path = `/documents/${documents[key]!.id}`;
      const { body } = await apps[worker]!.operator.patch(path).send({ title: 'changed' }).expect(200);
      const ackMs = nowMs();
      const { version } = body as Document;
      newest[key] = Math.max(newest[key]!, version);
      checker.addInvalidation({
        ...{ worker, operation: 'invalidateTags', target: path, status: 'applied' },
        // It was committed before, so whatever time is taken here the database had that version.
        ...{ startMs: ackMs, ackMs, required: [[key, version]] },
      });
    };
    const work = async (random: () => number) => {
      for (let step = 0; step < 60; step++) {
        const worker = Math.floor(random() * apps.length);
        const key = Math.floor(random() * documents.length);
        const kind = random();
        await (kind < 0.7 ? read(worker, key, kind < 0.4) : write(worker, key));
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, worker) => work(seededRandom(SEED + worker))));
    expect(checker.check(reads)).toEqual([]);
    expect(checker.raced).toBeGreaterThan(100);
    for (const [key, { id }] of documents.entries()) {
      for (const app of apps) {
        await eventually(async () =>
          expect((await app.http.get(`/documents/${id}`)).body).toMatchObject({ version: newest[key] }),
        );
      }
    }
  });
});
