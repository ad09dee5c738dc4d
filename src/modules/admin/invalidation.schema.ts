import { z } from 'zod';

const MAX_ITEMS = 1_000;
const name = z.string().min(1).max(4_096);
const names = z
  .union([name, z.array(name).min(1).max(MAX_ITEMS)])
  .transform((given) => (typeof given === 'string' ? [given] : given));
const namespace = z
  .string()
  .regex(/^[\w.-]{1,64}(\/[\w.-]{1,64}){0,7}$/, 'names of letters, digits, ., _ and -, joined by /')
  .optional()
  .describe('The cache, by its name in metrics (larder/embeddings) or below the root (embeddings). Default: the root.');

/** Body of `POST /admin/cache/invalidate`: keys, tags or a whole namespace. */
export const invalidationSchema = z.union([
  z.strictObject({ namespace, key: names.describe('Keys to delete.') }),
  z.strictObject({
    namespace,
    tag: names.describe('Tags whose entries become misses.'),
    keepStale: z
      .boolean()
      .default(false)
      .describe('Keep the entries as stale, to serve them while they are loaded again.'),
  }),
  z.strictObject({
    namespace,
    clear: z.literal(true),
    confirm: z.string().describe('The full name of the cache to clear, with all namespaces below it.'),
  }),
]);

/** A valid request. */
export type InvalidationRequest = z.output<typeof invalidationSchema>;
