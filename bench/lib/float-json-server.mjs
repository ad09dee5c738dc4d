/**
 * The usual treatment of a cached embedding in a gateway: kept in Redis as a JSON array under the text's hash, read with MGET, parsed,
 * and answered as JSON numbers. Nothing else: no keys, no limits, no checks. Forked by `bench/embeddings.mjs`, which fills it
 * by PUT.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';

const redis = new Redis(process.env.REDIS_URL);
const keyOf = (input) => `float-json:${createHash('sha256').update(input).digest('base64url')}`;

const server = createServer(async (request, response) => {
  const { input, vectors } = JSON.parse(await text(request));
  if (request.method === 'PUT') {
    await redis.mset(Object.fromEntries(input.map((one, index) => [keyOf(one), JSON.stringify(vectors[index])])));
    return void response.end();
  }
  const found = await redis.mget(input.map(keyOf));
  const data = found.map((vector, index) => ({ object: 'embedding', index, embedding: JSON.parse(vector) }));
  const body = JSON.stringify({ object: 'list', data, model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
});
// Others are measured for longer than Node keeps an idle connection.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
