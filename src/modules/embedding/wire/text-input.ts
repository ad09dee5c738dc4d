import { z } from 'zod';

/** Most items of one request: OpenAI's limit. */
export const MAX_INPUTS = 2_048;

const SHAPE = 'a string or an array of strings';

/**
 * One text or up to 2,048, as a list. The first mistake ends the check: with one issue per item, refusing a hostile array
 * would cost more than embedding it.
 */
export const textInputSchema = z
  .unknown()
  .meta({
    description: `The text or texts to embed: ${SHAPE}, at most ${MAX_INPUTS}, none empty.`,
    oneOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1, maxItems: MAX_INPUTS },
    ],
  })
  .transform((input, context): readonly string[] => {
    const texts = typeof input === 'string' ? [input] : input;
    const problem = problemOf(texts);
    if (problem === undefined) return texts as readonly string[];
    context.addIssue(problem);
    return z.NEVER;
  });

function problemOf(texts: unknown): string | undefined {
  if (!Array.isArray(texts)) return `Invalid type for 'input': expected ${SHAPE}.`;
  if (texts.length === 0) return "Invalid 'input': the array is empty.";
  if (texts.length > MAX_INPUTS)
    return `Invalid 'input': ${texts.length} items; at most ${MAX_INPUTS} can be embedded in one request.`;
  const invalid = texts.findIndex((text) => typeof text !== 'string' || text === '');
  if (invalid === -1) return undefined;
  if (texts[invalid] === '') return `Invalid 'input[${invalid}]': the text is empty.`;
  if (typeof texts[invalid] === 'number' || Array.isArray(texts[invalid]))
    return `Invalid 'input': token arrays are not supported; send ${SHAPE}.`;
  return `Invalid type for 'input[${invalid}]': expected a string.`;
}
