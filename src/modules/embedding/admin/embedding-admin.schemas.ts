import { z } from 'zod';
import { TASK_TYPES } from '../embedding.types.js';
import { parseVectorKey } from '../vectors/vector-key.js';
import { textInputSchema } from '../wire/text-input.js';

const namespace = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "up to 64 letters, digits, '.', '_' and '-'")
  .optional();

/** Selects vectors: of an isolated tenant by its name, otherwise the shared ones. */
const collectionSchema = z.object({
  model: z.string().min(1).max(200).optional().meta({
    description: "Default: with texts the service's default model, without texts every model.",
  }),
  tenant: z.string().min(1).max(64).optional().meta({ description: 'An isolated tenant. Default: the shared cache.' }),
  namespace: namespace.meta({
    description:
      'As in x-embed-namespace. Default: with texts no namespace, without texts all vectors in and outside of namespaces.',
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
 * Body of `POST /admin/embeddings/purge`: the vectors of texts, or without `input` all vectors of a model, tenant or
 * namespace. At least one of these is required, because an empty body is more likely a mistake than a request to purge all.
 */
export const purgeSchema = textsSchema
  .extend({
    input: textInputSchema.optional(),
    isDryRun: z.boolean().default(false).meta({ description: 'Count the vectors without removing them.' }),
  })
  .refine(({ input, model, tenant, namespace: named }) => input ?? model ?? tenant ?? named, {
    error: 'give input, model, tenant or namespace to select the vectors to remove',
  })
  .meta({ title: 'EmbeddingPurge' });

/** See {@link purgeSchema}. */
export type EmbeddingPurge = z.output<typeof purgeSchema>;

/** One line of an export. */
export const exportedVectorSchema = z.object({
  /** Owner and model, as `shared/gemini-embedding-2`. */
  path: z.string().regex(/^[\w.-]{1,64}\/[\w.-]{1,64}$/),
  /** A key made by `vectorKey`. */
  key: z.string().refine((key) => parseVectorKey(key) !== undefined),
  tokens: z.int().nonnegative().max(0xffff_ffff),
  createdAt: z.iso.datetime(),
  /** Absent for a vector that is stored until it is evicted. */
  expiresAt: z.iso.datetime().optional(),
  /** Little-endian float32, finite. */
  vector: z.base64(),
});

/** See {@link exportedVectorSchema}. */
export type ExportedVector = z.output<typeof exportedVectorSchema>;
