import type { Document, DocumentFacets, DocumentPage } from '../../../src/modules/documents/documents.schemas.js';
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
  }, 60_000);
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  const create = async (draft: object) =>
    (
      await here.http
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
      ((await there.http.get('/documents/facets')).body as DocumentFacets).authors.find(
        ({ value }) => value === 'fleet',
      )?.count;
    expect([await title(there, id), await list(), await counted()]).toEqual(['old', ['old'], 1]);
    await here.http.patch(`/documents/${id}`).send({ title: 'new' }).expect(200);
    expect(await title(here, id)).toBe('new');
    await eventually(async () => expect([await title(there, id), await list()]).toEqual(['new', ['new']]));
    await create({ author: 'fleet' });
    await eventually(async () => expect(await counted()).toBe(2));
  });

  it('shares what one of them read', async () => {
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
    await here.http.patch(`/documents/${known.id}`).send({ title: 'lost' }).expect(503);
    expect(await title(here, known.id)).toBe('old');
    await postgres.restart();
    await eventually(async () => expect(await title(here, unknown.id)).toBe('old'));
    await here.http.patch(`/documents/${known.id}`).send({ title: 'new' }).expect(200);
    expect(await title(here, known.id)).toBe('new');
  });

  it('starts while its database is away, and says so only to who needs it', async () => {
    const app = await startApp({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
    const { body } = await app.http.get('/documents').expect(503);
    expect(body).toMatchObject({ type: 'urn:larder:database-unavailable', detail: 'Try again in a moment.' });
    await app.http.get('/health/live').expect(200);
    await app.close();
  });

  it('lets only the bearer of the token write, where one is set, and everyone read', async () => {
    const token = 'a-token-of-some-length';
    const app = await startApp({ DATABASE_URL: url, DOCUMENTS_TOKEN: token });
    await app.http
      .post('/documents')
      .send(DRAFT)
      .expect(401)
      .expect('content-type', /problem\+json/);
    await app.http.post('/documents').set('authorization', `Bearer ${token}x`).send(DRAFT).expect(401);
    const { body } = await app.http.post('/documents').set('authorization', `Bearer ${token}`).send(DRAFT).expect(201);
    await app.http.patch(`/documents/${body.id}`).send({ title: 'x' }).expect(401);
    await app.http.delete(`/documents/${body.id}`).expect(401);
    await app.http.get(`/documents/${body.id}`).expect(200);
    await app.close();
  });

  it('loses no write of two writers who both use If-Match', async () => {
    const { id } = await create({ title: '0' });
    const increment = async (app: TestApp): Promise<void> => {
      const current = await app.http.get(`/documents/${id}`);
      const sent = await app.http
        .patch(`/documents/${id}`)
        .set('if-match', current.headers['etag']!)
        .send({ title: String(Number(current.body.title) + 1) });
      if (sent.status === 412) return increment(app);
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => increment(i % 2 ? here : there)));
    await eventually(async () => expect([await title(here, id), await title(there, id)]).toEqual(['10', '10']));
  });

  it(`never shows an instance's callers an older version than one it acknowledged, seed ${SEED}`, async () => {
    const documents = await Promise.all(Array.from({ length: 4 }, (_, i) => create({ author: `author ${i}` })));
    const acknowledged = [here, there].map((app) => ({ app, versions: documents.map(() => 1) }));
    const violations: string[] = [];
    const note = (seen: number | undefined, floor: number, where: string) => {
      if (seen === undefined || seen < floor) violations.push(`${where}: version ${seen} after ${floor}`);
    };
    const work = async (random: () => number) => {
      for (let step = 0; step < 50; step++) {
        const { app, versions } = acknowledged[Math.floor(random() * 2)]!;
        const i = Math.floor(random() * documents.length);
        const path = `/documents/${documents[i]!.id}`;
        const kind = random();
        const floor = versions[i]!;
        if (kind < 0.4) note((await app.http.get(path)).body.version, floor, 'document');
        else if (kind < 0.7)
          note((await app.http.get(`/documents?author=author%20${i}`)).body.items[0]?.version, floor, 'list');
        else {
          const { body } = await app.http
            .patch(path)
            .send({ title: `step ${step}` })
            .expect(200);
          versions[i] = Math.max(versions[i]!, body.version);
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, worker) => work(seededRandom(SEED + worker))));
    expect(violations).toEqual([]);
    for (const [i, { id }] of documents.entries()) {
      const newest = Math.max(...acknowledged.map(({ versions }) => versions[i]!));
      for (const { app } of acknowledged) {
        await eventually(async () =>
          expect((await app.http.get(`/documents/${id}`)).body).toMatchObject({ version: newest }),
        );
      }
    }
  }, 60_000);
});
