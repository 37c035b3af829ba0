import process, { stderr } from 'node:process';

/** Signals that abort the work, each with the exit code that a shell reports: 128 + n. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The signal for output without a reader. Node ignores it and reports EPIPE instead. */
const NOBODY_READS = { SIGPIPE: 141 } as const;

/** Seconds that aborted work may take to end. */
const GRACE_SECONDS = 1;

/** Runs work and aborts it at the first signal. The second ends the program at once. */
export async function interruptible(
  run: (signal: AbortSignal) => Promise<number>,
  graceSeconds = GRACE_SECONDS,
): Promise<number> {
  const interrupt = new AbortController();
  let ended: keyof typeof SIGNALS | undefined;
  const onSignal = (signal: keyof typeof SIGNALS) => {
    for (const each of Object.keys(SIGNALS)) process.off(each, onSignal);
    ended = signal;
    interrupt.abort();
    // The work may be waiting for a pipe or a disk.
    setTimeout(() => interrupted(signal), 1000 * graceSeconds).unref();
  };
  for (const each of Object.keys(SIGNALS)) process.on(each, onSignal);
  try {
    return await run(interrupt.signal);
  } catch (error) {
    if (ended === undefined) throw error;
    return interrupted(ended);
  }
}

/**
 * Runs synchronous work that may take seconds. No handler can run meanwhile, so a signal has the
 * system's default action and ends the program at once. Nothing may be half-written.
 */
export function endingAtOnce<T>(work: () => T): T {
  const handlers = Object.keys(SIGNALS).flatMap((signal) =>
    process.listeners(signal as NodeJS.Signals).map((handler) => [signal, handler] as const),
  );
  // Removing the last listener of a signal restores its default action.
  for (const [signal, handler] of handlers) process.off(signal, handler);
  try {
    return work();
  } finally {
    for (const [signal, handler] of handlers) process.on(signal, handler);
  }
}

function interrupted(signal: keyof typeof SIGNALS): never {
  stderr.write(`${stderr.isTTY ? '\r\x1b[2K' : ''}onlyhashes: interrupted\n`);
  endBy(signal);
}

/**
 * Ends the program by the signal's default action, so that a loop in a shell ends too. It ends at
 * once, while `process.exit` waits for pictures that are being decoded.
 */
export function endBy(signal: keyof (typeof SIGNALS & typeof NOBODY_READS)): never {
  const code = { ...SIGNALS, ...NOBODY_READS }[signal];
  process.once('exit', () => {
    if (process.platform === 'win32') return;
    process.removeAllListeners(signal).on(signal, endBy).off(signal, endBy);
    process.kill(process.pid, signal);
  });
  process.exit(code);
}
