import { ReplyError } from 'ioredis';

/** What Redis answers in RESP2. Strings are bytes. */
export type Reply = Buffer | number | null | Error | Reply[];

const enum Byte {
  Lf = 10,
  Cr = 13,
  Plus = 43,
  Minus = 45,
  Zero = 48,
  Colon = 58,
  Dollar = 36,
  Star = 42,
}

/** Length of the line break after a bulk string. */
const BREAK = 2;
const NOTHING = Buffer.alloc(0);
/** A reply whose items were given to a listener. */
const GIVEN: Reply[] = [];

/**
 * Gets the items of a reply as they come, in order. A `Buffer` may be a part of what came from the socket, which the next
 * read overwrites: it is good until this returns. Must not throw.
 */
export type ItemListener = (item: Reply) => void;

/** An array whose items are still coming. */
interface OpenArray {
  readonly items: Reply[];
  missing: number;
  /** Who gets the items; `undefined`: they are gathered. */
  readonly onItem: ItemListener | undefined;
}

/**
 * Reads replies of RESP2 from the chunks of a socket, which may all be the same memory. What is gathered gets memory of its
 * own; a bulk string for an {@link ItemListener} is copied only when it spans several chunks.
 *
 * ioredis 6.0.0's own decoder keeps its state in WeakMaps (compiled private fields) and looks there for every byte of a
 * length; with values of a kilobyte it takes longer than Redis itself.
 */
export class ReplyReader {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = NOTHING;
  /** The bulk string that is coming, with its line break. */
  #bulk: Buffer | undefined;
  #filled = 0;
  /** Arrays that are coming, the innermost last. */
  readonly #open: OpenArray[] = [];

  /**
   * @param onReply gets every whole reply, in order, and must not throw.
   * @param itemListener says who gets the items of the reply that begins, be it an array or one string. `onReply` gets an
   *   empty array for it at its end; by default it gets the reply.
   */
  constructor(
    private readonly onReply: (reply: Reply) => void,
    private readonly itemListener: () => ItemListener | undefined = () => undefined,
  ) {}

  /** @throws Error for bytes that are not RESP2: nothing that comes after them can be understood. */
  write(data: Buffer): void {
    let at = 0;
    if (this.#bulk !== undefined) {
      at = this.#continueBulk(this.#bulk, data);
      if (this.#bulk !== undefined) return;
    }
    let chunk = data;
    if (this.#rest.length > 0) {
      chunk = Buffer.concat([this.#rest, data]);
      this.#rest = NOTHING;
    }
    while (at < chunk.length) {
      const end = endOfLine(chunk, at + 1);
      if (end === -1) {
        this.#rest = Buffer.from(chunk.subarray(at));
        return;
      }
      const start = at + 1;
      at = end + BREAK;
      switch (chunk[start - 1]) {
        case Byte.Dollar: {
          const length = integer(chunk, start, end);
          if (length < 0) this.#take(null);
          else if (at + length + BREAK <= chunk.length) {
            this.#takeFrom(chunk, at, at + length);
            at += length + BREAK;
          } else {
            this.#bulk = Buffer.allocUnsafeSlow(length + BREAK);
            this.#filled = chunk.copy(this.#bulk, 0, at);
            return;
          }
          break;
        }
        case Byte.Star: {
          const count = integer(chunk, start, end);
          if (count < 0) this.#take(null);
          else if (count === 0) this.#gather([]);
          else this.#begin(count);
          break;
        }
        case Byte.Colon:
          this.#take(integer(chunk, start, end));
          break;
        case Byte.Plus:
          this.#takeFrom(chunk, start, end);
          break;
        case Byte.Minus:
          this.#take(new ReplyError(chunk.toString('utf8', start, end)));
          break;
        default:
          throw new Error(`Not RESP2: a reply begins with byte ${chunk[start - 1]}`);
      }
    }
  }

  /** @returns where in `data` the rest begins. */
  #continueBulk(bulk: Buffer, data: Buffer): number {
    const copied = data.copy(bulk, this.#filled);
    this.#filled += copied;
    if (this.#filled === bulk.length) {
      this.#bulk = undefined;
      this.#take(bulk.subarray(0, bulk.length - BREAK));
    }
    return copied;
  }

  #begin(count: number): void {
    const onItem = this.#open.length === 0 ? this.itemListener() : undefined;
    this.#open.push({ items: [], missing: count, onItem });
  }

  /** Who gets what comes next instead of its being gathered. */
  #listener(): ItemListener | undefined {
    switch (this.#open.length) {
      case 0:
        return this.itemListener();
      case 1:
        return this.#open[0]!.onItem;
      default:
        return undefined;
    }
  }

  #takeFrom(chunk: Buffer, start: number, end: number): void {
    const onItem = this.#listener();
    const bytes = chunk.subarray(start, end);
    if (onItem === undefined) this.#gather(Buffer.from(bytes));
    else this.#give(onItem, bytes);
  }

  #take(value: Reply): void {
    const onItem = value instanceof Error && this.#open.length === 0 ? undefined : this.#listener();
    if (onItem === undefined) this.#gather(value);
    else this.#give(onItem, value);
  }

  #give(onItem: ItemListener, item: Reply): void {
    onItem(item);
    const array = this.#open[0];
    if (array === undefined) this.onReply(GIVEN);
    else if (--array.missing === 0) {
      this.#open.pop();
      this.onReply(GIVEN);
    }
  }

  #gather(value: Reply): void {
    const open = this.#open;
    let reply = value;
    while (open.length > 0) {
      const array = open[open.length - 1]!;
      // Whole items of a listener's array, which were arrays themselves.
      if (array.onItem !== undefined) return this.#give(array.onItem, reply);
      array.items.push(reply);
      if (--array.missing > 0) return;
      open.pop();
      reply = array.items;
    }
    this.onReply(reply);
  }
}

/** Where the line's break begins, or -1. */
function endOfLine(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length - 1; at++) if (chunk[at] === Byte.Cr) return at;
  return -1;
}

/** @throws Error for what is no integer that a number can hold. */
function integer(chunk: Buffer, start: number, end: number): number {
  const isNegative = chunk[start] === Byte.Minus;
  const first = isNegative ? start + 1 : start;
  let number = 0;
  for (let at = first; at < end; at++) {
    const digit = chunk[at]! - Byte.Zero;
    if (digit < 0 || digit > 9) throw new Error('Not RESP2: a number has other bytes than digits');
    number = number * 10 + digit;
  }
  if (first === end || number > Number.MAX_SAFE_INTEGER) throw new Error('Not RESP2: a number is empty or too large');
  return isNegative ? -number : number;
}
