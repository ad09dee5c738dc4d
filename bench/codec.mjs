/** The codec alone, against plain JSON and plain copies. `node bench/codec.mjs` after a build. */
import { decodeSlot, encodeEntry } from '../dist/modules/cache/codec/envelope.js';
import { interleave } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

const limits = { maxValueBytes: 64 * 2 ** 20, compressAboveBytes: Number.POSITIVE_INFINITY };
const version = 'v'.repeat(24);
const header = {
  storedAtMs: 1,
  freshUntilMs: 2,
  staleUntilMs: 3,
  loadMs: 4,
  isAbsent: false,
  generations: [version],
  tags: [],
};
const tagged = { ...header, tags: ['a', 'b', 'c'].map((tag) => ({ tag: `product:${tag}`, version })) };

/** A JSON object of about 1 KB. */
const kilobyte = {
  id: 123_456,
  name: 'a cup',
  description: 'x'.repeat(300),
  price: 12.5,
  isActive: true,
  items: Array.from({ length: 14 }, (_, i) => ({ sku: `sku-${i}`, quantity: i, note: 'some note text' })),
};
const typed = { ...kilobyte, createdAt: new Date(0), parent: undefined };
const vector = Float32Array.from({ length: 768 }, (_, i) => Math.fround(i / 7));

const json = Buffer.from(JSON.stringify(kilobyte));
const floats = Buffer.concat([Buffer.alloc(1), Buffer.from(vector.buffer)]).subarray(1);
const slots = {
  json: encodeEntry(header, kilobyte, limits),
  tagged: encodeEntry(tagged, kilobyte, limits),
  typed: encodeEntry(header, typed, limits),
  vector: encodeEntry(header, vector, limits),
};
const decode = (slot) => () => decodeSlot(slot, limits).value();
const repeat =
  (run, count = 20_000) =>
  async () => {
    const startedAt = process.hrtime.bigint();
    for (let i = 0; i < count; i++) run();
    return count / (Number(process.hrtime.bigint() - startedAt) / 1e9);
  };

const groups = {
  'decode 1 KB': {
    'JSON.parse(bytes.toString())': repeat(() => JSON.parse(json.toString())),
    'slot, no tags': repeat(decode(slots.json)),
    'slot, three tags': repeat(decode(slots.tagged)),
    'slot with a Date and an undefined': repeat(decode(slots.typed)),
    'header only': repeat(() => decodeSlot(slots.json, limits)),
  },
  'encode 1 KB': {
    'Buffer.from(JSON.stringify(value))': repeat(() => Buffer.from(JSON.stringify(kilobyte))),
    'slot, no tags': repeat(() => encodeEntry(header, kilobyte, limits)),
    'slot with a Date and an undefined': repeat(() => encodeEntry(header, typed, limits)),
  },
  'decode a vector of 768 floats': {
    'aligned copy': repeat(() => {
      const copy = new Float32Array(768);
      new Uint8Array(copy.buffer).set(floats);
      return copy;
    }),
    slot: repeat(decode(slots.vector)),
  },
};

const rows = [];
for (const [scenario, contenders] of Object.entries(groups)) {
  const results = await interleave(contenders, { rounds: 15 });
  for (const [name, result] of Object.entries(results))
    rows.push([scenario, name, rate(result.rate), ratio(result.ratio)]);
}
console.log(`1 KB: ${json.length} bytes of JSON.`);
printTable(['scenario', 'how', 'rate', 'ratio'], rows);
