import type { Socket } from 'node:net';
import { DecodeError } from '../../errors.js';
import { HEAD_BYTES } from '../../formats/picture-magic.js';
import { Pace, type PaceLimits } from '../../node/pace.js';

/* Input from clamd clients: commands, and streams in chunks. Only the socket buffers ahead. */

export interface ClamdCommand {
  /** name as sent, without prefix and terminator; empty if it is no valid command */
  readonly name: string;
  /** terminator of the command, and so of the reply */
  readonly end: '\0' | '\n';
}

/** The longest known command has 10 characters. */
const MAX_COMMAND = 100;
/** Commands that some clients send as one packet without a terminator. */
const BARE = ['PING', 'VERSION'];
const UNKNOWN = '';
const NOTHING = Buffer.alloc(0);

/** The bytes of one connection, for one reader at a time. */
export class ClamdInput {
  /** received bytes not yet taken */
  left: Buffer = NOTHING;
  readonly #socket: Socket;
  #wake = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    for (const event of ['readable', 'end', 'close']) socket.on(event, () => this.#wake());
  }

  /** Waits for more bytes. @returns false once the client has ended or disconnected */
  async more(): Promise<boolean> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read();
      if (chunk !== null) {
        this.left = this.left.length === 0 ? chunk : Buffer.concat([this.left, chunk]);
        return true;
      }
      if (this.#socket.readableEnded || this.#socket.destroyed) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next command, or undefined if the client has ended. */
  async command(): Promise<ClamdCommand | undefined> {
    for (;;) {
      const found = commandIn(this.left);
      if (found) {
        this.left = this.left.subarray(found.length);
        return found.command;
      }
      if (await this.more()) continue;
      return this.left.length === 0 ? undefined : { name: UNKNOWN, end: '\n' };
    }
  }

  /** Reads and drops the remaining bytes. */
  async drop(): Promise<void> {
    do this.left = NOTHING;
    while (await this.more());
  }
}

/** The command at the start of `bytes`; undefined if it is incomplete. */
function commandIn(bytes: Buffer): { command: ClamdCommand; length: number } | undefined {
  if (bytes.length === 0) return undefined;
  const start = bytes.subarray(0, MAX_COMMAND).toString('latin1');
  const prefix = start[0];
  const end = prefix === 'z' ? '\0' : '\n';
  const at = start.indexOf(end);
  if (at !== -1) {
    const name = start.slice(prefix === 'z' || prefix === 'n' ? 1 : 0, at);
    const isCut = end === '\n' && name.endsWith('\r');
    return { command: { name: isCut ? name.slice(0, -1) : name, end }, length: at + 1 };
  }
  const isWaitedFor = prefix === 'z' || prefix === 'n' || BARE.some((bare) => isBegun(bare, start));
  if (isWaitedFor && bytes.length < MAX_COMMAND) return undefined;
  const name = BARE.find((bare) => bare === start) ?? UNKNOWN;
  return { command: { name, end }, length: bytes.length };
}

const isBegun = (bare: string, start: string) => bare.startsWith(start) && bare !== start;

/**
 * One stream of chunks: each a length of 4 bytes, big-endian, and that many bytes; a length of 0
 * ends it. Chunks that arrive together are yielded together: 64 MB in chunks of one byte would
 * otherwise take gigabytes.
 */
export class ClamdBody implements AsyncIterable<Uint8Array> {
  /** the first bytes, enough to detect the format */
  head: Buffer = NOTHING;
  /** true once its end was read */
  isWhole = false;
  readonly #input: ClamdInput;
  readonly #maxBytes: number;
  readonly #pace: Pace;
  /** bytes left in the current chunk */
  #due = 0;
  /** bytes of all chunks, by their stated lengths */
  #said = 0;
  #asked = performance.now();
  #error: unknown;
  #last: Promise<unknown> = Promise.resolve();

  constructor(input: ClamdInput, { maxBytes, ...pace }: PaceLimits & { maxBytes: number }) {
    this.#input = input;
    this.#maxBytes = maxBytes;
    this.#pace = new Pace(pace);
  }

  /**
   * All unread bytes. A reader that stops may continue later.
   * @returns an iterator whose `next` rejects with a DecodeError: `too-many-bytes` as soon as a
   *   stated length exceeds the limit, `unreadable` if the client ends before the stream does,
   *   `too-slow`
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#next() };
  }

  /** Reads to the end. @returns the error, if that failed */
  async toEnd(): Promise<DecodeError | undefined> {
    try {
      while (!(await this.#next()).done);
      return undefined;
    } catch (error) {
      if (error instanceof DecodeError) return error;
      throw error;
    }
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const next = this.#last.then(() => this.#read());
    this.#last = next.catch(() => {});
    return next;
  }

  async #read(): Promise<IteratorResult<Uint8Array>> {
    if (this.#error !== undefined) throw this.#error;
    try {
      this.#pace.leaveOut(performance.now() - this.#asked);
      for (;;) {
        const bytes = this.#taken();
        if (bytes.length > 0) return { value: bytes };
        if (this.isWhole) return { done: true, value: undefined };
        if (!(await this.#pace.keeping(this.#input.more(), this.#said - this.#due))) {
          throw new DecodeError('unreadable', 'the stream was cut off');
        }
      }
    } catch (error) {
      this.#error = error;
      throw error;
    } finally {
      this.#asked = performance.now();
    }
  }

  /** The received bytes of all chunks, complete or not. */
  #taken(): Buffer {
    const { left } = this.#input;
    const parts: Buffer[] = [];
    let at = 0;
    while (at < left.length && !this.isWhole) {
      if (this.#due > 0) {
        const part = left.subarray(at, at + this.#due);
        parts.push(part);
        at += part.length;
        this.#due -= part.length;
        continue;
      }
      if (left.length - at < 4) break;
      this.#due = left.readUInt32BE(at);
      at += 4;
      this.#said += this.#due;
      if (this.#said > this.#maxBytes) {
        throw new DecodeError('too-many-bytes', `expected at most ${this.#maxBytes} bytes`);
      }
      this.isWhole = this.#due === 0;
    }
    this.#input.left = left.subarray(at);
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    if (this.head.length < HEAD_BYTES) {
      this.head = Buffer.concat([this.head, bytes.subarray(0, HEAD_BYTES - this.head.length)]);
    }
    return bytes;
  }
}
