import { EmbeddingError } from '../embedding.error.js';
import type { EmbeddingInput } from '../embedding.types.js';
import { withTaskPrefix } from '../models/task-prefix.js';
import type { EmbeddingModel } from '../providers/embedding.provider.js';
import { type VectorIdentity, vectorKey } from './vector-key.js';

/** Changes made to texts before they are looked up and sent. */
export type TextNormalisation = 'none' | 'nfc' | 'trim';

/** The texts of a request by the keys of their vectors. */
export interface TextPlan {
  /** One key per input, in order; equal inputs have the same key. */
  readonly keys: readonly string[];
  /** Each distinct text once, by its key. */
  readonly texts: ReadonlyMap<string, PlannedText>;
}

/** A distinct text. */
export interface PlannedText {
  /** The form sent upstream. */
  readonly input: EmbeddingInput;
  /** Position of its first occurrence in the request. */
  readonly index: number;
}

/**
 * Checks and prepares the inputs and gives each its key.
 *
 * @throws EmbeddingError `invalid-input` for an empty, malformed or overlong text, naming its position.
 */
export function planTexts(
  inputs: readonly EmbeddingInput[],
  model: EmbeddingModel,
  normalisation: TextNormalisation,
  identity: Omit<VectorIdentity, 'input' | 'model'>,
): TextPlan {
  const texts = new Map<string, PlannedText>();
  const keys = inputs.map((given, index) => {
    const normalised = { ...given, parts: given.parts.map((part) => normalise(part, normalisation)) };
    assertUsable(normalised, model, index);
    const input = applyTask(normalised, model);
    const key = vectorKey({ ...identity, model: model.id, input });
    if (!texts.has(key)) texts.set(key, { input, index });
    return key;
  });
  return { keys, texts };
}

function normalise(text: string, normalisation: TextNormalisation): string {
  if (normalisation === 'none') return text;
  const composed = text.normalize('NFC');
  return normalisation === 'trim' ? composed.trim() : composed;
}

function applyTask(input: EmbeddingInput, { taskMode }: EmbeddingModel): EmbeddingInput {
  if (taskMode === 'parameter') return input;
  return taskMode === 'prefix' ? withTaskPrefix(input) : { parts: input.parts };
}

/** @throws EmbeddingError `invalid-input` for a text that must not be sent to the model, naming its position. */
export function assertUsable(
  { parts, title = '' }: EmbeddingInput,
  { id, maxInputChars }: EmbeddingModel,
  index: number,
): void {
  const problem = problemOf(parts, title);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (problem === undefined && length <= maxInputChars) return;
  const message = problem ?? `is ${length} characters long; the model ${id} takes ${maxInputChars} at most`;
  throw new EmbeddingError('invalid-input', `Invalid input: text ${index} ${message}.`, { param: 'input', index });
}

function problemOf(parts: readonly string[], title: string): string | undefined {
  if (parts.length === 0 || parts.some((part) => part === '')) return 'is empty';
  // A lone surrogate has no UTF-8 form: it would be sent, and hashed, as another character.
  if (![title, ...parts].every((part) => part.isWellFormed()))
    return 'is not well-formed Unicode (it has a lone surrogate)';
  return undefined;
}
