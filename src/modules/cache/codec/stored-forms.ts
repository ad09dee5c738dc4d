import type { ClassSerializers } from './class-serializers.js';
import { type StoredForm, storedFormOf } from './stored-form.js';

/** The stored forms of values, under the limits and with the registered classes of one cache. */
export class StoredForms {
  /** @param maxValueBytes larger values have no stored form. */
  constructor(
    readonly classes: ClassSerializers,
    private readonly maxValueBytes: number,
  ) {}

  /** `undefined` for a value that is too large. @throws UnstorableValueError as {@link storedFormOf}. */
  of(value: unknown): StoredForm | undefined {
    return storedFormOf(value, this.maxValueBytes, this.classes);
  }
}
