import { HttpException } from '@nestjs/common';
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

/** Larger windows of zstd would take up to 2 GB of memory for one request. */
const MAX_ZSTD_WINDOW_LOG = 23;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG } })],
]);

/** For `Accept-Encoding` of a 415 (RFC 9110 15.5.16). */
export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd';

/**
 * A stream that undoes the `Content-Encoding` of a body; `undefined` for a body without one. The stream does not limit what comes
 * out of it.
 *
 * @throws HttpException 415 for an unknown coding, and for several.
 */
export function decoderOf(contentEncoding: string | undefined): Transform | undefined {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return undefined;
  const decoder = DECODERS.get(coding);
  if (decoder) return decoder();
  throw new HttpException(`A body may have one content coding, of ${ACCEPTED_CODINGS}.`, 415);
}
