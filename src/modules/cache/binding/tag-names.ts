import type { CachePutOptions } from '../decorators/cache-put.options.js';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import { BAD_TAGS } from './cache-binding.messages.js';

/** The tags that an option gives for these arguments. @throws TypeError naming the method, for an invalid tag. */
export function tagsOf(
  tags: CachePutOptions<ErasedMethod>['tags'],
  args: unknown[],
  methodName: string,
): readonly string[] {
  return assertTags((typeof tags === 'function' ? tags(...args) : tags) ?? [], methodName);
}

/** @throws TypeError naming the method, for anything but an array of strings that are not empty. */
export function assertTags(tags: unknown, methodName: string): readonly string[] {
  const isValid = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '');
  if (!isValid) throw new TypeError(BAD_TAGS(methodName));
  return tags;
}
