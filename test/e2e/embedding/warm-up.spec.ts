import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { startApp, TEST_TOKEN } from '../../support/test-app.js';

it('the texts of a file are cached before the first request, except a text that is refused', async () => {
  const upstream = await EmbeddingUpstream.start();
  const directory = await mkdtemp(join(tmpdir(), 'larder-warm-up-'));
  const file = join(directory, 'texts.jsonl');
  const texts = Array.from({ length: 250 }, (_, index) => `warm ${index}`);
  await writeFile(
    file,
    [...texts.slice(0, 120), 'poison ☠', ...texts.slice(120)].map((text) => JSON.stringify(text)).join('\n'),
  );

  const app = await startApp({ ...upstream.googleEnv, EMBEDDING_WARMUP_FILE: file });
  await eventually(async () => {
    const answer = await fetch(`${app.url}/v1/embeddings`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TEST_TOKEN}`,
        'content-type': 'application/json',
        'cache-control': 'only-if-cached',
      },
      body: JSON.stringify({ input: texts, encoding_format: 'base64' }),
    });
    expect(answer.headers.get('x-embed-cache')).toBe('HIT');
  });
  expect((await upstream.stats()).texts).toBe(250);

  await app.close();
  await upstream.stop();
  await rm(directory, { recursive: true });
});
