import { StandardSchemaValidationPipe } from '@nestjs/common';
import { ProblemException } from './problem.exception.js';

/** Largest number of invalid fields in an answer. */
const MAX_ERRORS = 50;

/** Validates parameters with a zod schema (`@Body({ schema })`, `@Query`, `@Param`). The problem of an invalid one names each field. */
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({
      exceptionFactory: (issues) =>
        ProblemException.invalidInput(
          issues.slice(0, MAX_ERRORS).map(({ path, message }) => ({ pointer: toPointer(path ?? []), detail: message })),
        ),
    });
  }
}

function toPointer(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
