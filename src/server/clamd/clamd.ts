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
  wrongKind,
} from '../../door.js';
import { imageFormatOf } from '../../formats/image-format.js';
import { beginsAsPicture } from '../../formats/picture-magic.js';
import type { Decision } from '../../matching/decision.js';
import { within } from '../../picture/waiting.js';
import { SCAN_OPTIONS, Scanner, type ScanOptions } from '../uploads/scanner.js';
import { ClamdBody, type ClamdCommand, ClamdInput } from './input.js';

/** An upload of a clamd client. */
export interface ClamdUpload {
  readonly socket: Socket;
}

/** Options of `createClamdListener`. */
export interface ClamdOptions
  extends Omit<ScanOptions<ClamdUpload>, 'onError' | 'refuse' | 'retryAfterSeconds'> {
  /** must be true; first read below what callers do with FOUND */
  enabled: true;
  /**
   * names of the lists whose matches are answered with FOUND; `''` is the unnamed one. Matches of
   * other lists are OK, like hits for review
   * @defaultValue all
   */
  lists?: readonly string[] | undefined;
  /**
   * answer to a file that begins like a picture of an unsupported kind: BMP, ICO, SVG, JPEG XL.
   * `refuse`: ERROR, so that callers know it was not checked. `accept`: OK, so a listed picture in
   * such a file passes
   * @defaultValue 'refuse'
   */
  unreadPictures?: 'refuse' | 'accept' | undefined;
  /**
   * maximum number of connections. A new one closes the one that has waited longest for a command.
   * If all are at work, the new one gets a busy ERROR
   * @defaultValue 256
   */
  maxConnections?: number | undefined;
  /**
   * time limit for a command, between two parts of a stream, and for reading a reply
   * @defaultValue 30
   */
  idleSeconds?: number | undefined;
  /** when it aborts, connections end after their pending reply, and no new ones are accepted */
  signal?: AbortSignal | undefined;
}

const MIN_BYTES_PER_SECOND = 1024;
/** Time to read on before closing: closing a connection with unread bytes loses its last reply. */
const LINGER_SECONDS = 2;

const enabled: OptionCheck = (name, value) => {
  if (value !== true) wrongKind(`${name} to be true: see what callers do with FOUND`);
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

/** It reveals nothing of the entry. */
const FOUND = 'Onlyhashes.Listed-Picture FOUND';
/** clamd's wording: clients look for these exact words. */
const TOO_LONG = 'INSTREAM size limit exceeded. ERROR';
const TIMED_OUT = 'COMMAND READ TIMED OUT';
/** Reasons of what is OK: a virus scanner has nothing to say of it. */
const NO_PICTURES: readonly string[] = ['empty', 'not-a-picture', 'unsupported'];

/**
 * Creates a scanner for programs that use ClamAV: a listener for a `node:net` server, on TCP or on
 * a unix socket, that speaks clamd's protocol. It supports `INSTREAM`, `PING`, `VERSION` and
 * sessions (`IDSESSION`, `END`). Commands that name a local file or control clamd are refused.
 *
 * This is our own code because packages for this protocol are clients, and none is a server.
 *
 * **Callers take FOUND for malware.** Nextcloud deletes the file, which may be evidence that must
 * be kept, and notifies its user. When the scanner is unreachable or answers ERROR, it blocks
 * uploads. So the listener must be enabled, and FOUND is only a sure match: not a hit for review,
 * and, with `lists`, not a match of another list. `onDecision` gets every decision.
 *
 * An empty file is OK as well, and so is one that does not begin like a picture, unless
 * `notPictures` says otherwise. A picture that could not be checked is ERROR: it is broken, too
 * large or of an unsupported kind (`unreadPictures`), the queue is full, the sender is too slow, or
 * `check` or `onDecision` threw, which `onError` receives. After an ERROR whose stream was not read
 * to its end, the connection is closed. Replies contain no hash, label or list.
 *
 * The protocol has no password. A client with unlimited queries can change a picture until it no
 * longer matches: listen on loopback, or on a socket in a private folder.
 * @param onError must not throw; by default, errors of `check` and `onDecision` are dropped
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
  const { lists, idleSeconds, signal, maxConnections, unreadPictures, notPictures } = checked;
  const { preserve } = options;
  if (typeof onError !== 'function') throw new TypeError('expected onError to be a function');
  // The first match may be on a list outside `lists`.
  const how = lists ? { all: true } : {};
  // A match of another list is not refused.
  const kept: typeof preserve = async (refused, upload) => {
    if (isFound(refused.decision, lists)) await preserve?.(refused, upload);
  };
  const scanner = new Scanner<ClamdUpload>(
    { ...options, onError: 'refuse', preserve: preserve && kept },
    how,
  );
  const idle = new Set<Socket>();
  const isPicture = unreadPictures === 'refuse' ? beginsAsPicture : isOfReadKind;
  const says = { isPicture, refusesOthers: notPictures === 'refuse' };
  const settings: Settings = { scanner, lists, ...says, idleSeconds, signal, onError, idle };
  const open = new Set<Socket>();
  return (socket) => {
    // An error also closes the socket, and that is handled.
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

  /** Frees its place even before it is closed. */
  function end(socket: Socket): void {
    idle.delete(socket);
    open.delete(socket);
    socket.destroy();
  }
}

/** Rare pictures of these kinds cannot be decoded. */
const isOfReadKind = (head: Uint8Array): boolean => imageFormatOf(head) !== undefined;

/** True if it is a match of one of these lists, or of any list. */
function isFound(
  { verdict, matches, remoteMatches = [] }: Decision,
  lists: readonly string[] | undefined,
): boolean {
  if (verdict !== 'match' || lists === undefined) return verdict === 'match';
  const here = matches.map(({ tier, allowed, entry }) => ({ tier, allowed, list: entry.list }));
  return [...here, ...remoteMatches].some(
    ({ tier, allowed, list = '' }) =>
      tier === 'match' && allowed === undefined && lists.includes(list),
  );
}

interface Settings {
  readonly scanner: Scanner<ClamdUpload>;
  readonly lists: readonly string[] | undefined;
  /** true if an unsupported file begins like a picture */
  readonly isPicture: (head: Uint8Array) => boolean;
  /** true if a file that begins like no picture is refused */
  readonly refusesOthers: boolean;
  readonly idleSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly onError: (error: unknown) => void;
  /** connections that wait for a command, the longest first */
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
    // A client may end its side after sending everything, and wait for the reply.
    socket.allowHalfOpen = true;
    socket.once('close', () => this.#gone.abort(new Error('the client is gone')));
  }

  /** Answers until either side ends the connection. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#answerOne());
      this.#socket.end();
      await within(LINGER_SECONDS, undefined, () => this.#input.drop());
    } catch {
      // The client has disconnected, or is too slow for a reply.
    } finally {
      this.#socket.destroy();
    }
  }

  /** Answers one command. @returns true if another may follow */
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

  /** The next command, within its time limit; undefined if none will come. */
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

  /** Replies with an ERROR, so that callers know nothing was checked. */
  async #refuse(command: ClamdCommand): Promise<false> {
    await this.#reply(command, 'UNKNOWN COMMAND. ERROR');
    return false;
  }

  /** Checks one stream. @returns true if it was read to its end */
  async #scan(command: ClamdCommand): Promise<boolean> {
    const { scanner, idleSeconds, onError } = this.#settings;
    const upload = { socket: this.#socket };
    const pace = { idleSeconds, minBytesPerSecond: MIN_BYTES_PER_SECOND };
    const body = new ClamdBody(this.#input, { maxBytes: scanner.maxBytes, ...pace });
    let answer: string;
    try {
      let { decision } = await scanner.scan(body, upload, this.#gone.signal);
      // The stream must be complete, even if a part of it decided.
      const { verdict, reason } = decision;
      const isAnswer = verdict !== 'unhashable' || NO_PICTURES.includes(reason);
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
    const { lists, isPicture, refusesOthers } = this.#settings;
    if (verdict !== 'unhashable') return `stream: ${isFound(decision, lists) ? FOUND : 'OK'}`;
    const isUnread =
      (reason === 'unsupported' && isPicture(body.head)) ||
      (reason === 'not-a-picture' && refusesOthers);
    if (NO_PICTURES.includes(reason) && !isUnread) return 'stream: OK';
    return reason === 'too-many-bytes' ? TOO_LONG : `stream: ${reason} ERROR`;
  }

  /** Writes a reply, and waits until it is sent: a client that never reads would fill memory. */
  async #reply({ end }: ClamdCommand, text: string): Promise<void> {
    const number = this.#commands === undefined ? '' : `${this.#commands}: `;
    const written = () =>
      new Promise<void>((resolve, reject) => {
        this.#socket.write(number + text + end, (error) => (error ? reject(error) : resolve()));
      });
    await within(this.#settings.idleSeconds, undefined, written);
  }
}
