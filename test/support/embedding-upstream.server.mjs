/**
 * A stand-in for Google's and OpenAI's embedding APIs, as its own process: their requests, limits and errors, a delay, and
 * faults on demand. It counts every text it computes. Its parent steers it over IPC.
 */
import { createServer } from 'node:http';
import { answerGoogle, googleFaults, isGooglePath } from './embedding-upstream.google.mjs';
import { answerOpenAi, openAiFaults } from './embedding-upstream.openai.mjs';

const settings = { key: 'upstream-key', delayMs: 0, isBase64Known: true };
let faults = [];
let stats = emptyStats();
let atOnce = 0;

function emptyStats() {
  return { calls: 0, mostAtOnce: 0, refusals: 0, texts: 0, textCounts: {}, batchSizes: [], bodies: [] };
}

const count = (texts) => {
  stats.texts += texts.length;
  stats.batchSizes.push(texts.length);
  for (const text of texts) stats.textCounts[text] = (stats.textCounts[text] ?? 0) + 1;
};

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname: path, searchParams: query } = new URL(request.url, 'http://upstream');
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
  stats.calls += 1;
  stats.mostAtOnce = Math.max(stats.mostAtOnce, ++atOnce);
  response.once('close', () => (atOnce -= 1));
  stats.bodies.push(body);
  const isGoogle = isGooglePath(path);
  const fault = faults.shift();
  if (settings.delayMs + (fault?.delayMs ?? 0) > 0) {
    await new Promise((resolve) => setTimeout(resolve, settings.delayMs + (fault?.delayMs ?? 0)));
  }
  if (fault?.reset) return void request.socket.resetAndDestroy();
  if (fault?.redirectTo) return void response.writeHead(307, { location: fault.redirectTo }).end();
  const made = fault?.status ? (isGoogle ? googleFaults : openAiFaults)[fault.status](fault) : undefined;
  const answer =
    made ??
    (isGoogle ? answerGoogle : answerOpenAi)({ path, headers: request.headers, query, body }, { ...settings, count });
  if (!answer) return void response.writeHead(404).end('{}');
  if (answer.status >= 400) stats.refusals += 1;
  if (fault?.dropsOne) (answer.body.embeddings ?? answer.body.data).pop();
  const text = JSON.stringify(answer.body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...answer.headers };
  response.writeHead(answer.status, headers);
  if (!fault?.truncates) return void response.end(text);
  // Half of what was announced, then nothing.
  response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
});

const commands = {
  configure: (changes) => void Object.assign(settings, changes),
  fail: (next) => void (faults = next),
  stats: () => stats,
  reset() {
    stats = emptyStats();
    faults = [];
  },
};

process.on('message', ({ id, command, argument }) => process.send({ id, result: commands[command](argument) }));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
