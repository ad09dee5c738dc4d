import { z } from 'zod';
import { TASK_TYPES } from '../embedding.types.js';
import { parseVectorKey } from '../vectors/vector-key.js';
import { textInputSchema } from '../wire/text-input.js';

const namespace = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "up to 64 letters, digits, '.', '_' and '-'")
  .optional();

/** Whose vectors: an isolated tenant's by its name, otherwise the shared ones. */
const collectionSchema = z.object({
  model: z.string().min(1).max(200).optional().meta({
    description: "Default: the service's default model for texts; without texts every model that is served.",
  }),
  tenant: z.string().min(1).max(64).optional().meta({ description: 'An isolated tenant. Default: the shared cache.' }),
  namespace: namespace.meta({
    description:
      'As in x-embed-namespace. Default: for texts outside of every namespace; without texts in and outside of all.',
  }),
});

/** Vectors by their texts. */
const textsSchema = collectionSchema.extend({
  input: textInputSchema,
  dimensions: z.int().min(1).max(65_536).optional(),
  taskType: z.enum(TASK_TYPES).optional(),
  title: z.string().min(1).optional(),
});

/** Body of `POST /admin/embeddings/lookup`. */
export const lookupSchema = textsSchema.meta({ title: 'EmbeddingLookup' });

/** See {@link lookupSchema}. */
export type EmbeddingLookup = z.output<typeof lookupSchema>;

/**
 * Body of `POST /admin/embeddings/purge`: the vectors of texts, or without `input` all of a model, tenant or namespace. One
 * of them has to be named: an empty body is more likely a mistake than a wish.
 */
export const purgeSchema = textsSchema
  .extend({
    input: textInputSchema.optional(),
    isDryRun: z.boolean().default(false).meta({ description: 'Count what would go, and let it stay.' }),
  })
  .refine(({ input, model, tenant, namespace: named }) => input ?? model ?? tenant ?? named, {
    error: 'name what is to go: input, model, tenant or namespace',
  })
  .meta({ title: 'EmbeddingPurge' });

/** See {@link purgeSchema}. */
export type EmbeddingPurge = z.output<typeof purgeSchema>;

/** One line of an export. */
export const exportedVectorSchema = z.object({
  /** Owner and model, as `shared/gemini-embedding-2`. */
  path: z.string().regex(/^[\w.-]{1,64}\/[\w.-]{1,64}$/),
  /** As `vectorKey` makes it. */
  key: z.string().refine((key) => parseVectorKey(key) !== undefined),
  tokens: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
  /** Not there for a vector that is kept until it is evicted. */
  expiresAt: z.iso.datetime().optional(),
  /** Little-endian float32. */
  vector: z.base64(),
});

/** See {@link exportedVectorSchema}. */
export type ExportedVector = z.output<typeof exportedVectorSchema>;
