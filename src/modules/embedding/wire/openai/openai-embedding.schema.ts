import { z } from 'zod';
import { TASK_TYPES } from '../../embedding.types.js';
import { textInputSchema } from '../text-input.js';

const taskType = z.enum(TASK_TYPES).nullish();

/** Body of `POST /v1/embeddings`. Unknown fields are ignored, as in OpenAI's API. */
export const openAiEmbeddingSchema = z
  .object({
    model: z.string().min(1).max(200).nullish().meta({ description: "Default: the service's default model." }),
    input: textInputSchema,
    encoding_format: z.enum(['float', 'base64'], { error: "Supported values: ['float','base64']" }).nullish(),
    dimensions: z.int().min(1).max(65_536).nullish(),
    user: z.string().nullish(),
    task_type: taskType.meta({ description: "Task of the texts; an extension, as Google's taskType." }),
    taskType,
    title: z
      .string()
      .min(1)
      .nullish()
      .meta({ description: 'Title of the documents; an extension, with RETRIEVAL_DOCUMENT only.' }),
  })
  .meta({ title: 'CreateEmbeddingRequest' });

/** See {@link openAiEmbeddingSchema}. */
export type OpenAiEmbeddingBody = z.output<typeof openAiEmbeddingSchema>;
