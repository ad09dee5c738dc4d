import { z } from 'zod';
import { TASK_TYPES, type TaskType } from '../../embedding.types.js';

/** The Gemini API's limit. */
const MAX_REQUESTS = 100;
const MAX_PARTS = 16;

const contentSchema = z.object({
  parts: z
    .array(
      z.object(
        { text: z.string({ error: 'only text can be embedded here' }) },
        { error: 'a part is an object with a text' },
      ),
      { error: 'expected a list of parts' },
    )
    .min(1, 'at least one part is needed')
    .max(MAX_PARTS, `at most ${MAX_PARTS} parts can be in one content`),
  role: z.string().nullish(),
});

/** The task of the texts; `TASK_TYPE_UNSPECIFIED` means none. */
const taskTypeSchema = z
  .enum([...TASK_TYPES, 'TASK_TYPE_UNSPECIFIED'])
  .nullish()
  .transform((taskType): TaskType | undefined =>
    taskType === 'TASK_TYPE_UNSPECIFIED' ? undefined : (taskType ?? undefined),
  );

/** One content to embed. Field names may be in lower camel case or in the proto's form, as proto3's JSON allows. */
const embedSchema = z.object({
  model: z.string().max(200).nullish(),
  content: contentSchema,
  taskType: taskTypeSchema,
  task_type: taskTypeSchema,
  title: z.string().min(1).nullish(),
  outputDimensionality: z.int().min(1).max(65_536).nullish(),
  output_dimensionality: z.int().min(1).max(65_536).nullish(),
});

/** Body of `:embedContent`. */
export const embedContentSchema = embedSchema.meta({ title: 'EmbedContentRequest' });

/** Body of `:batchEmbedContents`. Its length is checked before its items. */
export const batchEmbedContentsSchema = z
  .object({
    requests: z
      .array(z.unknown(), { error: 'expected a list of requests' })
      .min(1, 'at least one request is needed')
      .max(MAX_REQUESTS, `at most ${MAX_REQUESTS} requests can be in one batch`)
      .pipe(z.array(embedSchema)),
  })
  .meta({ title: 'BatchEmbedContentsRequest' });

/** Body of `:countTokens`. */
export const countTokensSchema = z
  .object({ contents: z.array(contentSchema).min(1, 'contents are required').max(MAX_REQUESTS) })
  .meta({ title: 'CountTokensRequest' });

/** See {@link countTokensSchema}. */
export type CountTokensBody = z.output<typeof countTokensSchema>;

/** One item of a batch. */
export type EmbedContentBody = z.output<typeof embedSchema>;
