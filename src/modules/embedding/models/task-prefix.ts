import type { EmbeddingInput, TaskType } from '../embedding.types.js';

const QUERY_TASKS: Record<Exclude<TaskType, 'RETRIEVAL_DOCUMENT'>, string> = {
  RETRIEVAL_QUERY: 'search result',
  SEMANTIC_SIMILARITY: 'sentence similarity',
  CLASSIFICATION: 'classification',
  CLUSTERING: 'clustering',
  QUESTION_ANSWERING: 'question answering',
  FACT_VERIFICATION: 'fact checking',
  CODE_RETRIEVAL_QUERY: 'code retrieval',
};

/**
 * The input with its task in the text, where `gemini-embedding-2` expects it. This model ignores `taskType` without an
 * error, which halves the quality of a retrieval. An input without a task is unchanged.
 */
export function withTaskPrefix(input: EmbeddingInput): EmbeddingInput {
  const { taskType, title, parts } = input;
  if (taskType === undefined) return { parts };
  const prefix =
    taskType === 'RETRIEVAL_DOCUMENT'
      ? `title: ${title ?? 'none'} | text: `
      : `task: ${QUERY_TASKS[taskType]} | query: `;
  const [first = '', ...rest] = parts;
  return { parts: [prefix + first, ...rest] };
}
