import { ReplyError } from 'ioredis';

/** A reply in RESP2. Strings are bytes. */
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
const NO_BYTES = Buffer.alloc(0);
/** Stands for a reply whose items were delivered to a listener. */
const DELIVERED: Reply[] = [];

/**
 * Receives the items of a reply as they arrive, in order. A `Buffer` may be a part of the socket's read buffer, which the
 * next read overwrites, so it is valid only until this function returns. Must not throw.
 */
export type ItemListener = (item: Reply) => void;

/** An array whose items are still arriving. */
interface OpenArray {
  readonly items: Reply[];
  remaining: number;
  /** The receiver of the items; `undefined` to collect them in `items`. */
  readonly onItem: ItemListener | undefined;
}

/**
 * Reads replies of RESP2 from the chunks of a socket, which may all use the same memory. Collected strings are copied; a
 * bulk string for an {@link ItemListener} is copied only when it spans several chunks.
 *
 * ioredis 6.0.0's own decoder keeps its state in WeakMaps (compiled private fields) and reads them for every byte of a
 * length. For values of a kilobyte it takes longer than Redis itself.
 */
export class ReplyReader {
  /** The beginning of an incomplete line. */
  #rest: Buffer = NO_BYTES;
  /** The incomplete bulk string, with its line break. */
  #bulk: Buffer | undefined;
  #filled = 0;
  /** Incomplete arrays, the innermost last. */
  readonly #open: OpenArray[] = [];

  /**
   * @param onReply gets every complete reply, in order, and must not throw.
   * @param itemListener returns the receiver of the items of the next reply, an array or a string. `onReply` then gets an
   *   empty array at its end. By default `onReply` gets the whole reply.
   */
  constructor(
    private readonly onReply: (reply: Reply) => void,
    private readonly itemListener: () => ItemListener | undefined = () => undefined,
  ) {}

  /** Whether a part of a reply has come, and its end has not. */
  get isWithinReply(): boolean {
    return this.#bulk !== undefined || this.#open.length > 0;
  }

  /** @throws Error for bytes that are not RESP2. The bytes after them can't be parsed. */
  write(data: Buffer): void {
    let at = 0;
    if (this.#bulk !== undefined) {
      at = this.#continueBulk(this.#bulk, data);
      if (this.#bulk !== undefined) return;
    }
    let chunk = data;
    if (this.#rest.length > 0) {
      chunk = Buffer.concat([this.#rest, data]);
      this.#rest = NO_BYTES;
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
          if (length < 0) this.#accept(null);
          else if (at + length + BREAK <= chunk.length) {
            this.#acceptBytes(chunk, at, at + length);
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
          if (count < 0) this.#accept(null);
          else if (count === 0) this.#gather([]);
          else this.#begin(count);
          break;
        }
        case Byte.Colon:
          this.#accept(integer(chunk, start, end));
          break;
        case Byte.Plus:
          this.#acceptBytes(chunk, start, end);
          break;
        case Byte.Minus:
          this.#accept(new ReplyError(chunk.toString('utf8', start, end)));
          break;
        default:
          throw new Error(`Not RESP2: a reply begins with byte ${chunk[start - 1]}`);
      }
    }
  }

  /** @returns the position in `data` after the bulk string. */
  #continueBulk(bulk: Buffer, data: Buffer): number {
    const copied = data.copy(bulk, this.#filled);
    this.#filled += copied;
    if (this.#filled === bulk.length) {
      this.#bulk = undefined;
      this.#accept(bulk.subarray(0, bulk.length - BREAK));
    }
    return copied;
  }

  #begin(count: number): void {
    const onItem = this.#open.length === 0 ? this.itemListener() : undefined;
    this.#open.push({ items: [], remaining: count, onItem });
  }

  /** The receiver of the next item; `undefined` when it is collected. */
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

  #acceptBytes(chunk: Buffer, start: number, end: number): void {
    const onItem = this.#listener();
    const bytes = chunk.subarray(start, end);
    if (onItem === undefined) this.#gather(Buffer.from(bytes));
    else this.#deliver(onItem, bytes);
  }

  #accept(value: Reply): void {
    const onItem = value instanceof Error && this.#open.length === 0 ? undefined : this.#listener();
    if (onItem === undefined) this.#gather(value);
    else this.#deliver(onItem, value);
  }

  #deliver(onItem: ItemListener, item: Reply): void {
    onItem(item);
    const array = this.#open[0];
    if (array === undefined) this.onReply(DELIVERED);
    else if (--array.remaining === 0) {
      this.#open.pop();
      this.onReply(DELIVERED);
    }
  }

  #gather(value: Reply): void {
    const open = this.#open;
    let reply = value;
    while (open.length > 0) {
      const array = open[open.length - 1]!;
      // Nested arrays of a listener's array are delivered as whole items.
      if (array.onItem !== undefined) return this.#deliver(array.onItem, reply);
      array.items.push(reply);
      if (--array.remaining > 0) return;
      open.pop();
      reply = array.items;
    }
    this.onReply(reply);
  }
}

/** Position of the line break, or -1. */
function endOfLine(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length - 1; at++) if (chunk[at] === Byte.Cr) return at;
  return -1;
}

/** @throws Error for an invalid or too large integer. */
function integer(chunk: Buffer, start: number, end: number): number {
  const isNegative = chunk[start] === Byte.Minus;
  const first = isNegative ? start + 1 : start;
  let number = 0;
  for (let at = first; at < end; at++) {
    const digit = chunk[at]! - Byte.Zero;
    if (digit < 0 || digit > 9) throw new Error('Not RESP2: a number contains a byte that is no digit');
    number = number * 10 + digit;
  }
  if (first === end || number > Number.MAX_SAFE_INTEGER) throw new Error('Not RESP2: a number is empty or too large');
  return isNegative ? -number : number;
}
