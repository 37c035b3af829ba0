import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { DecodeError } from '../../errors.js';
import { onAbort } from '../../picture/waiting.js';
import { atExit } from './at-exit.js';

/*
 * The system's FFmpeg, in a child process: without a shell and without an environment, killed at
 * any limit.
 */

/** The libavutil of FFmpeg 5.1, the first with `-fps_mode`. Builds from git have no version. */
const LEAST_LIBAVUTIL = [57, 28] as const;

const INSTALL =
  'apt-get install ffmpeg, brew install ffmpeg, or winget install ffmpeg, then try again';

/** Paths of the programs. */
export interface Ffmpeg {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly version: string;
}

let found: Promise<Ffmpeg> | undefined;

/**
 * Finds FFmpeg in the folders of `PATH`, once.
 * @throws {DecodeError} `decoder-missing` if there is none, or only one before 5.1
 */
export async function findFfmpeg(): Promise<Ffmpeg> {
  found ??= find();
  try {
    return await found;
  } catch (error) {
    // It may be installed later.
    found = undefined;
    throw error;
  }
}

async function find(): Promise<Ffmpeg> {
  const [windows, { PATH = '' }] = [process.platform === 'win32', process.env];
  const suffix = windows ? '.exe' : '';
  // A relative folder would be one of whoever chose the working directory.
  for (const folder of PATH.split(windows ? ';' : ':').filter(isAbsolute)) {
    const ffmpeg = join(folder, `ffmpeg${suffix}`);
    const ffprobe = join(dirname(ffmpeg), `ffprobe${suffix}`);
    const isThere = await Promise.all([ffmpeg, ffprobe].map(isProgram));
    if (!isThere.every(Boolean)) continue;
    return { ffmpeg, ffprobe, version: await checkedVersion(ffmpeg) };
  }
  throw new DecodeError('decoder-missing', `videos need FFmpeg 5.1 or later: ${INSTALL}`);
}

const isProgram = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

async function checkedVersion(ffmpeg: string): Promise<string> {
  const text = await textOf(new Program(ffmpeg, ['-version'], { stallSeconds: 60 }));
  const [, version = 'an unknown version'] = /^ffmpeg version (\S{1,40})/.exec(text) ?? [];
  const [, major, minor] = /\blibavutil\s+(\d+)\.\s*(\d+)/.exec(text) ?? [];
  const [leastMajor, leastMinor] = LEAST_LIBAVUTIL;
  if (Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor)) {
    return version;
  }
  const got = `videos need FFmpeg 5.1 or later, got ${version}`;
  throw new DecodeError('decoder-missing', `${got}: ${INSTALL}`);
}

/** Characters of standard error that are kept, and of standard output as a text. */
const MOST_ERRORS = 4096;
const MOST_TEXT = 2 ** 20;

/** The time between two looks at the memory. */
const MEMORY_MILLISECONDS = 200;

/** One run of a program. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #forget: (() => void)[] = [];
  readonly #clocks: NodeJS.Timeout[] = [];
  #isAlive = true;
  #isAwaited = false;
  #errors = '';
  #failure: { readonly reason: unknown } | undefined;

  /**
   * Starts it.
   * @param stallSeconds it is killed if it writes nothing for so long while it is read; in the
   *   worst case after twice that time
   * @param maxMemory it is killed if it holds more bytes, on Linux alone
   * @param onNotes gets what it writes to its file descriptor 3
   */
  constructor(
    path: string,
    args: readonly string[],
    options: {
      stallSeconds: number;
      maxMemory?: number;
      signal?: AbortSignal;
      onNotes?: (text: string) => void;
    },
  ) {
    const { stallSeconds, maxMemory = Infinity, signal, onNotes } = options;
    signal?.throwIfAborted();
    this.#child = spawn(path, args, {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe', onNotes ? 'pipe' : 'ignore'],
      windowsHide: true,
    });
    const { stdout, stderr, stdio } = this.#child;
    this.#ended = once(this.#child, 'close').catch(() => {
      // Its path was found, but nothing can be started.
      this.fail(new DecodeError('crashed', 'FFmpeg cannot be started'));
    });
    stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text.slice(0, MOST_ERRORS - this.#errors.length);
    });
    if (onNotes) {
      (stdio[3] as Readable).setEncoding('utf8').on('data', (text: string) => {
        this.#isAlive = true;
        onNotes(text);
      });
    }
    for (const each of [this.#child, stdout!]) each.on('error', () => {});
    this.#forget.push(
      atExit(() => this.#kill()),
      onAbort(signal, () => this.fail(signal?.reason)),
    );
    const stalls = () => {
      if (this.#isAwaited && !this.#isAlive) {
        this.fail(new DecodeError('timeout', `FFmpeg gave nothing for ${stallSeconds} seconds`));
      }
      this.#isAlive = false;
    };
    this.#clocks.push(setInterval(stalls, 1000 * stallSeconds));
    if (process.platform !== 'linux' || maxMemory === Infinity) return;
    const grows = async () => {
      const status = await readFile(`/proc/${this.#child.pid}/status`, 'latin1').catch(() => '');
      const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
      if (1024 * kilobytes <= maxMemory) return;
      this.fail(
        new DecodeError('too-costly', `FFmpeg took more than ${maxMemory} bytes of memory`),
      );
    };
    this.#clocks.push(setInterval(() => void grows(), MEMORY_MILLISECONDS));
  }

  /** What it wrote to standard error, or its beginning. */
  get errors(): string {
    return this.#errors;
  }

  /** Kills it; its output ends with this error, unless it has failed already. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#kill();
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
  }

  /**
   * Its output, pulled: between two reads it waits. Once this has ended, so has the program.
   * @throws the error of `fail`; a DecodeError `corrupt`, or `crashed` if it was killed
   */
  async *output(): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = this.#child.stdout![Symbol.asyncIterator]();
    let isWhole = false;
    try {
      for (;;) {
        this.#isAlive = this.#isAwaited = true;
        const { done, value } = await chunks.next().catch(() => ({ done: true, value: undefined }));
        this.#isAwaited = false;
        if (done || this.#failure) break;
        yield value;
      }
      isWhole = !this.#failure;
    } finally {
      if (!isWhole) this.#kill();
      this.#child.stdout!.destroy();
      await this.#ended;
      for (const clock of this.#clocks) clearInterval(clock);
      for (const forget of this.#forget) forget();
    }
    if (this.#failure) throw this.#failure.reason;
    const { exitCode, signalCode } = this.#child;
    if (signalCode === 'SIGXCPU') {
      throw new DecodeError('too-costly', 'decoding took more CPU than the time limit allows');
    }
    if (signalCode) throw new DecodeError('crashed', `FFmpeg was ended by ${signalCode}`);
    if (exitCode) throw unreadable();
  }
}

/** The error for a file of which nothing can be read. */
export const unreadable = () =>
  new DecodeError('corrupt', 'the video is cut off or malformed: FFmpeg cannot read it');

/** All output of a program, as text. */
export async function textOf(program: Program): Promise<string> {
  let text = '';
  for await (const chunk of program.output()) {
    text += Buffer.from(chunk).toString('latin1');
    if (text.length > MOST_TEXT) program.fail(unreadable());
  }
  return text;
}
