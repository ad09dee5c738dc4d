/** One media type that a client accepts, or a range of them (RFC 9110 12.5.1). */
interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** Whether an `Accept` header takes JSON. The range that names JSON most exactly decides; without a header any type will do. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = accept.split(',').map(toRange);
  for (const type of ['application/json', 'application/*', '*/*']) {
    const named = ranges.filter((range) => range.type === type);
    if (named.length > 0) return named.some(({ quality }) => quality > 0);
  }
  return false;
}

function toRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** Whether a `Content-Type` header is JSON in UTF-8, the only encoding of JSON (RFC 8259 8.1). */
export function isJsonType(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice(8);
  return type === 'application/json' && (charset === undefined || /^"?utf-?8"?$/.test(charset));
}
