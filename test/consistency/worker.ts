import { Operator } from './operator.js';
import { type FromWorker, READ_FIELDS, type ToWorker, type WorkerSetup } from './protocol.js';
import { SourceOfTruth } from './source-of-truth.js';
import { SUBJECTS } from './subjects/subjects.js';
import { nowMs } from './world.js';

const FLUSH_EVERY_READS = 500;
const LAG_BEAT_MS = 20;
/** Shorter hold-ups are within the bus's allowance. */
const MIN_STALL_MS = 60;

const setup = JSON.parse(process.argv[2]!) as WorkerSetup;
const send = (message: FromWorker): void => void process.send!(message);

let reads: number[] = [];
const flushReads = (): void => {
  if (reads.length === 0) return;
  send({ type: 'reads', reads: Float64Array.from(reads) });
  reads = [];
};

const makeSubject = await SUBJECTS[setup.subject]();
const subject = await makeSubject({
  redisUrl: setup.redisUrl,
  outboxFile: setup.outboxFile,
  onDrained: () => send({ type: 'drained', atMs: nowMs() }),
});
const operator = new Operator(subject, setup, SourceOfTruth.open(setup.sourceFile), {
  read: (operation, key, startMs, endMs, version) => {
    reads.push(operation, key, startMs, endMs, version);
    if (reads.length >= FLUSH_EVERY_READS * READ_FIELDS) flushReads();
  },
  send,
});

let beatMs = nowMs();
setInterval(() => {
  const lastMs = beatMs;
  beatMs = nowMs();
  if (beatMs - lastMs - LAG_BEAT_MS > MIN_STALL_MS) send({ type: 'stalled', startMs: lastMs, endMs: beatMs });
}, LAG_BEAT_MS);

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'run':
      operator.run();
      break;
    case 'pause':
      void operator.pause().then(() => {
        flushReads();
        send({ type: 'flushed', stats: subject.stats(), operations: operator.takeCount() });
      });
      break;
    case 'written':
      operator.written(message.id, message.versions);
      break;
    case 'stall': {
      const untilMs = nowMs() + message.forMs;
      while (nowMs() < untilMs);
      break;
    }
    case 'close':
      void subject.close().then(() => process.exit(0));
      break;
  }
});
// The coordinator is gone, and with it the checker.
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
