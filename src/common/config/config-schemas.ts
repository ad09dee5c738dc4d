import { z } from 'zod';
import { type Duration, toMs } from '../duration.js';

/** `true/false`, `1/0`, `yes/no`, `on/off`. */
export const booleanText = () => z.stringbool();

/** A {@link Duration} in text (`'30s'`, `'500'`), as milliseconds. */
export const durationText = () =>
  z.string().transform((text, context) => {
    try {
      return toMs((/^\d+(\.\d+)?$/.test(text) ? Number(text) : text) as Duration);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  });

const BYTE_UNITS: Record<string, number> = { '': 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** Bytes in text (`'64mb'`, `'1gb'`, `'4096'`), powers of 1,024 as Redis counts. */
export const bytesText = () =>
  z.string().transform((text, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(text.trim());
    const bytes = match ? Math.floor(Number(match[1]) * (BYTE_UNITS[(match[2] ?? '').toLowerCase()] ?? 1)) : Number.NaN;
    if (Number.isSafeInteger(bytes)) return bytes;
    context.addIssue(`not a size: ${JSON.stringify(text)} (give bytes or a number with kb, mb, gb)`);
    return z.NEVER;
  });

/** A comma-separated list; items are trimmed, and empty ones are dropped. */
export const listText = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
