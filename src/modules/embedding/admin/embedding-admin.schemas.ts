import { z } from 'zod';
import { TASK_TYPES } from '../embedding.types.js';
import { textInputSchema } from '../wire/text-input.js';

const namespace = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "up to 64 letters, digits, '.', '_' and '-'")
  .optional();

/** Whose vectors: an isolated tenant's by its name, otherwise the shared ones. */
const scopeSchema = z.object({
  model: z.string().min(1).max(200).optional().meta({ description: "Default: the service's default model." }),
  tenant: z.string().min(1).max(64).optional().meta({ description: 'An isolated tenant. Default: the shared cache.' }),
  namespace: namespace.meta({ description: 'As in x-embed-namespace. Default: outside of every namespace.' }),
});

/** Vectors by their texts. */
const textsSchema = scopeSchema.extend({
  input: textInputSchema,
  dimensions: z.int().min(1).max(65_536).optional(),
  taskType: z.enum(TASK_TYPES).optional(),
  title: z.string().min(1).optional(),
});

/** Body of `POST /admin/embeddings/lookup`. */
export const lookupSchema = textsSchema.meta({ title: 'EmbeddingLookup' });

/** See {@link lookupSchema}. */
export type Lookup = z.output<typeof lookupSchema>;

/** Body of `POST /admin/embeddings/purge`: the vectors of texts, or without `input` all of a model, tenant or namespace. */
export const purgeSchema = textsSchema
  .extend({
    input: textInputSchema.optional(),
    isDryRun: z.boolean().default(false).meta({ description: 'Count what would go, and let it stay.' }),
  })
  .meta({ title: 'EmbeddingPurge' });

/** See {@link purgeSchema}. */
export type Purge = z.output<typeof purgeSchema>;

/** One line of an export. */
export const exportedVectorSchema = z.object({
  /** Owner, model and namespace, as `shared/gemini-embedding-2`. */
  path: z.string().regex(/^[\w.-]{1,64}(\/[\w.-]{1,64}){1,2}$/),
  key: z.string().regex(/^v1:\d+:[\w-]{43}$/),
  tokens: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
  /** Little-endian float32. */
  vector: z.base64(),
});

/** See {@link exportedVectorSchema}. */
export type ExportedVector = z.output<typeof exportedVectorSchema>;
