/** Largest encoded value, bytes. */
export const DEFAULT_VALUE_BYTES = 64 * 2 ** 20;
