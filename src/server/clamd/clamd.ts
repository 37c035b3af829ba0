import type { Socket } from 'node:net';
import {
  checkedOptions,
  choice,
  integer,
  type OptionCheck,
  type OptionTable,
  positive,
  SIGNAL,
  tableOf,
  texts,
} from '../../door.js';
import { imageFormatOf } from '../../formats/image-format.js';
import { beginsAsPicture } from '../../formats/picture-magic.js';
import type { Decision } from '../../matching/decision.js';
import { within } from '../../picture/waiting.js';
import { SCAN_OPTIONS, Scanner, type ScanOptions } from '../uploads/scanner.js';
import { ClamdBody, type ClamdCommand, ClamdInput } from './input.js';

/** What a listener for clamd's clients knows of an upload. */
export interface ClamdUpload {
  readonly socket: Socket;
}

/** How streams of clamd's clients are checked. */
export interface ClamdOptions
  extends Omit<ScanOptions<ClamdUpload>, 'onError' | 'refuse' | 'retryAfterSeconds'> {
  /** has to be true: read first what callers do with FOUND */
  enabled: true;
  /**
   * the lists whose matches are answered with FOUND, by name; `''` is the unnamed one. Matches of
   * the others are OK, as those for review are
   * @defaultValue all
   */
  lists?: readonly string[] | undefined;
  /**
   * what to answer where a file begins as a picture of a kind that is not read here: BMP, ICO, SVG,
   * JPEG XL. `refuse`: ERROR, by which callers know that it was not checked. `accept`: OK, and a
   * listed picture passes in such a file
   * @defaultValue 'refuse'
   */
  unreadPictures?: 'refuse' | 'accept' | undefined;
  /**
   * connections at a time. For another one, that which has waited longest for a command is closed;
   * if all are at work, the new one is told that the listener is busy
   * @defaultValue 256
   */
  maxConnections?: number | undefined;
  /**
   * how long a client may take for a command, between two parts of a stream, and to read a reply
   * @defaultValue 30
   */
  idleSeconds?: number | undefined;
  /** when it aborts, connections end after the reply that they wait for, and no others are taken */
  signal?: AbortSignal | undefined;
}

const MIN_BYTES_PER_SECOND = 1024;
/** A connection that is closed with bytes unread takes its last reply with it. */
const LINGER_SECONDS = 2;

const enabled: OptionCheck = (name, value) => {
  if (value === true) return;
  throw new TypeError(`expected ${name} to be true: see what callers do with FOUND`);
};

const { onError: _, refuse: __, retryAfterSeconds: ___, ...SCANNING } = SCAN_OPTIONS;

export const CLAMD_OPTIONS = tableOf(SCANNING, {
  enabled: { is: enabled, required: true },
  lists: { is: texts, least: 1 },
  unreadPictures: { is: choice, of: ['refuse', 'accept'], default: 'refuse' },
  maxConnections: { is: integer, least: 1, default: 256 },
  idleSeconds: { is: positive, default: 30 },
  signal: SIGNAL,
}) satisfies OptionTable<ClamdOptions>;

/** It tells nothing of the entry. */
const FOUND = 'Onlyhashes.Listed-Picture FOUND';
/** As clamd says it: clients look for these very words. */
const TOO_LONG = 'INSTREAM size limit exceeded. ERROR';
const TIMED_OUT = 'COMMAND READ TIMED OUT';

/**
 * Makes a scanner for programs that ask ClamAV: a listener for a `node:net` server, on TCP or on a
 * unix socket, that speaks the protocol of clamd. It knows `INSTREAM`, `PING`, `VERSION` and
 * sessions (`IDSESSION`, `END`); whatever names a file here, or steers clamd, is refused.
 *
 * Why our own code: packages for this protocol are clients of clamd, and none is a server.
 *
 * **Callers take FOUND for malware.** Nextcloud deletes the file, which may be evidence that has to
 * be kept, and tells its user. When the scanner is away, or answers ERROR, it blocks uploads. So
 * the listener must be enabled, and FOUND is a sure match alone: not what is for review, and, with
 * `lists`, not what other lists have. `onDecision` is told all of it.
 *
 * OK are also a file without bytes and what does not begin as a picture. A picture that could not
 * be checked is ERROR: it is broken, too large or of a kind that is not read here
 * (`unreadPictures`), the queue is full, the sender is too slow, or `check` or `onDecision` threw,
 * of which `onError` is told. After an ERROR whose stream was not read to its end the connection is
 * closed. A reply tells no hash, label or list.
 *
 * The protocol knows no password. Whoever can ask as often as they like can change a picture until
 * it is no longer found: listen on loopback, or on a socket whose folder is yours alone.
 * @param onError must not throw; by default, what `check` and `onDecision` throw is lost
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const listener = createClamdListener({ enabled: true, blocklist, pool });
 * createServer(listener).listen(3310, '127.0.0.1');
 */
export function createClamdListener(
  options: ClamdOptions,
  onError: (error: unknown) => void = () => {},
): (socket: Socket) => void {
  const checked = checkedOptions(options, CLAMD_OPTIONS);
  const { lists, idleSeconds, signal, maxConnections, unreadPictures } = checked;
  if (typeof onError !== 'function') throw new TypeError('expected onError to be a function');
  // The first match may be of a list that is not among `lists`.
  const how = lists ? { all: true } : {};
  const scanner = new Scanner<ClamdUpload>({ ...options, onError: 'refuse' }, how);
  const idle = new Set<Socket>();
  const isPicture = unreadPictures === 'refuse' ? beginsAsPicture : isOfReadKind;
  const settings: Settings = { scanner, lists, isPicture, idleSeconds, signal, onError, idle };
  const open = new Set<Socket>();
  return (socket) => {
    // What is wrong with it is told by its end.
    socket.on('error', () => {});
    if (open.size >= maxConnections) {
      const [longest] = idle;
      if (longest) end(longest);
    }
    if (open.size >= maxConnections || signal?.aborted) {
      socket.end('busy ERROR\n', () => socket.destroy());
      return;
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    void new Connection(socket, settings).serve();
  };

  /** It counts no more, even before it is closed. */
  function end(socket: Socket): void {
    idle.delete(socket);
    open.delete(socket);
    socket.destroy();
  }
}

/** Rare ones of these kinds cannot be decoded. */
const isOfReadKind = (head: Uint8Array): boolean => imageFormatOf(head) !== undefined;

interface Settings {
  readonly scanner: Scanner<ClamdUpload>;
  readonly lists: readonly string[] | undefined;
  /** whether a file that is not read begins as a picture */
  readonly isPicture: (head: Uint8Array) => boolean;
  readonly idleSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly onError: (error: unknown) => void;
  /** those that wait for a command, since longest first */
  readonly idle: Set<Socket>;
}

/** One client. */
class Connection {
  readonly #socket: Socket;
  readonly #settings: Settings;
  readonly #input: ClamdInput;
  readonly #gone = new AbortController();
  /** commands of the session so far; undefined outside of one */
  #commands: number | undefined;

  constructor(socket: Socket, settings: Settings) {
    this.#socket = socket;
    this.#settings = settings;
    this.#input = new ClamdInput(socket);
    // A client may end its side when it has sent all, and wait for the reply.
    socket.allowHalfOpen = true;
    socket.once('close', () => this.#gone.abort(new Error('the client is gone')));
  }

  /** Answers until the client ends, or is ended. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#answerOne());
      this.#socket.end();
      await within(LINGER_SECONDS, undefined, () => this.#input.drop());
    } catch {
      // The client is gone, or too slow to be told anything.
    } finally {
      this.#socket.destroy();
    }
  }

  /** Answers one command. @returns whether there may be another */
  async #answerOne(): Promise<boolean> {
    const command = await this.#command();
    if (command === undefined) return false;
    if (this.#commands !== undefined) this.#commands++;
    switch (command.name) {
      case 'PING':
        await this.#reply(command, 'PONG');
        break;
      case 'VERSION':
        await this.#reply(command, 'onlyhashes');
        break;
      case 'IDSESSION':
        if (this.#commands !== undefined) return await this.#refuse(command);
        this.#commands = 0;
        return true;
      case 'END':
        return false;
      case 'INSTREAM':
        return (await this.#scan(command)) && this.#commands !== undefined;
      default:
        return await this.#refuse(command);
    }
    return this.#commands !== undefined;
  }

  /** The next command, in its time; undefined if there will be none. */
  async #command(): Promise<ClamdCommand | undefined> {
    const { idleSeconds, signal, idle } = this.#settings;
    idle.add(this.#socket);
    try {
      return await within(idleSeconds, signal, () => this.#input.command());
    } catch (error) {
      if (signal?.aborted) return undefined;
      const end = this.#input.left[0] === 'z'.charCodeAt(0) ? '\0' : '\n';
      await this.#reply({ name: '', end }, TIMED_OUT);
      throw error;
    } finally {
      idle.delete(this.#socket);
    }
  }

  /** It ends in ERROR, by which callers know that nothing was checked. */
  async #refuse(command: ClamdCommand): Promise<false> {
    await this.#reply(command, 'UNKNOWN COMMAND. ERROR');
    return false;
  }

  /** Checks one stream. @returns whether it was read to its end */
  async #scan(command: ClamdCommand): Promise<boolean> {
    const { scanner, idleSeconds, onError } = this.#settings;
    const upload = { socket: this.#socket };
    const pace = { idleSeconds, minBytesPerSecond: MIN_BYTES_PER_SECOND };
    const body = new ClamdBody(this.#input, { maxBytes: scanner.maxBytes, ...pace });
    let answer: string;
    try {
      let { decision } = await scanner.scan(body, upload, this.#gone.signal);
      // Whatever was decided by a part of it, it has to be whole.
      const { verdict, reason } = decision;
      const isAnswer = verdict !== 'unhashable' || reason === 'empty' || reason === 'unsupported';
      const error = isAnswer ? await body.toEnd() : undefined;
      if (error) decision = (await scanner.notChecked(error, upload)).decision;
      answer = this.#answerTo(decision, body);
    } catch (error) {
      onError(error);
      answer = 'stream: failed ERROR';
    }
    await this.#reply(command, answer);
    return body.isWhole;
  }

  #answerTo(decision: Decision, body: ClamdBody): string {
    const { verdict, reason } = decision;
    if (verdict !== 'unhashable') return `stream: ${this.#isFound(decision) ? FOUND : 'OK'}`;
    const isOther = reason === 'unsupported' && !this.#settings.isPicture(body.head);
    if (reason === 'empty' || isOther) return 'stream: OK';
    return reason === 'too-many-bytes' ? TOO_LONG : `stream: ${reason} ERROR`;
  }

  #isFound({ verdict, matches, elsewhere = [] }: Decision): boolean {
    const { lists } = this.#settings;
    if (verdict !== 'match' || lists === undefined) return verdict === 'match';
    const here = matches.map(({ tier, allowed, entry }) => ({ tier, allowed, list: entry.list }));
    return [...here, ...elsewhere].some(
      ({ tier, allowed, list = '' }) =>
        tier === 'match' && allowed === undefined && lists.includes(list),
    );
  }

  /** Writes a reply, and waits until it is on its way: who never reads would fill the memory. */
  async #reply({ end }: ClamdCommand, text: string): Promise<void> {
    const number = this.#commands === undefined ? '' : `${this.#commands}: `;
    const written = () =>
      new Promise<void>((resolve, reject) => {
        this.#socket.write(number + text + end, (error) => (error ? reject(error) : resolve()));
      });
    await within(this.#settings.idleSeconds, undefined, written);
  }
}
