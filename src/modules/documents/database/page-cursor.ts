import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import type { PageRequest } from '../documents.schemas.js';

/** A place in a list: beside a document, which its sort value and its id name. */
export interface PagePosition {
  /** Milliseconds since 1970, negative before; or a title. */
  readonly value: number | string;
  readonly id: string;
  /** Which documents the page has: those after the place, or those before it. */
  readonly direction: 'next' | 'previous';
}

const MAC_BYTES = 16;
const content = z.tuple([z.union([z.number(), z.string()]), z.string(), z.enum(['next', 'previous'])]);

/**
 * Cursors as clients have them: opaque and signed, so a client gets no other place than the one it was given, and each is for
 * the list that gave it: of the same filter, sort and order. Pages found by cursors neither skip nor repeat documents when
 * others come and go.
 */
export class PageCursors {
  constructor(private readonly secret: string) {}

  encode(list: PageRequest, { value, id, direction }: PagePosition): string {
    const text = JSON.stringify([value, id, direction]);
    return Buffer.concat([this.sign(list, text), Buffer.from(text)]).toString('base64url');
  }

  /** @throws ProblemException 400 for text that is no cursor of this list. */
  decode(list: PageRequest, cursor: string): PagePosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const [mac, text] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES).toString()];
    // One text for each cursor: base64url that is written otherwise may decode to the same bytes.
    const isWhole = mac.length === MAC_BYTES && bytes.toString('base64url') === cursor;
    if (!isWhole || !timingSafeEqual(mac, this.sign(list, text)))
      throw ProblemException.invalidInput([{ pointer: '/cursor', detail: 'not a cursor of this list' }]);
    const [value, id, direction] = content.parse(JSON.parse(text));
    return { value, id, direction };
  }

  private sign({ author, topic, label, sort, order }: PageRequest, text: string): Buffer {
    const list = JSON.stringify([author ?? null, topic ?? null, label ?? null, sort, order]);
    return createHmac('sha256', this.secret).update(`${list}\n${text}`).digest().subarray(0, MAC_BYTES);
  }
}
