import { createRequire } from 'node:module';
import { PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';

/** A module of a memory, for a clock to write to. */
const MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1],
  ...[7, 24, 2, 6, ...Buffer.from('memory'), 2, 0, 11, ...Buffer.from('_initialize'), 0, 0],
  ...[10, 4, 1, 2, 0, 0x0b],
);
/** The clock of the CPU time of a thread, of WASI. */
const THREAD_CLOCK = 3;

let clock: (() => number) | undefined;

/**
 * CPU time of this thread in milliseconds. Node tells it from version 23.9 on; before, only of all
 * threads, the collector's and the compiler's too.
 */
export function threadTime(): number {
  clock ??= clockOfNode() ?? clockOfWasi();
  return clock();
}

function clockOfNode(): (() => number) | undefined {
  const { threadCpuUsage } = process as { threadCpuUsage?: typeof process.cpuUsage };
  if (!threadCpuUsage) return undefined;
  return () => {
    const { user, system } = threadCpuUsage();
    return (user + system) / 1000;
  };
}

/** Without the warning that it is experimental, which each run would begin with. */
function wasiOfNode(): typeof import('node:wasi') {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return createRequire(import.meta.url)('node:wasi');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function clockOfWasi(): () => number {
  const { WASI } = wasiOfNode();
  const wasi = new WASI({ version: 'preview1' });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  wasi.initialize({ exports });
  const time = new BigUint64Array((exports.memory as WebAssembly.Memory).buffer);
  const read = (wasi.wasiImport as { clock_time_get(id: number, at: bigint, to: number): number })
    .clock_time_get;
  return () => {
    read(THREAD_CLOCK, 1n, 0);
    return Number(time[0]!) / 1e6;
  };
}

/** Turns that take less CPU are not looked at. */
const LEAST = 1;

interface Turn {
  readonly start: number;
  readonly end: number;
  readonly time: number;
}

/**
 * How long something takes in all, and blocks the event loop at the longest, in milliseconds: the
 * CPU time of this thread in one turn of the loop, without what V8 collected its heap in.
 */
export async function longestBlock(
  act: () => Promise<unknown>,
): Promise<{ all: number; block: number }> {
  const collections: { start: number; end: number }[] = [];
  const note = (entries: readonly { startTime: number; duration: number }[]) => {
    for (const { startTime: start, duration } of entries) {
      collections.push({ start, end: start + duration });
    }
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const turns: Turn[] = [];
  let handle: NodeJS.Immediate;
  let last = { at: performance.now(), time: threadTime() };
  const { at: start } = last;
  const look = () => {
    const now = { at: performance.now(), time: threadTime() };
    const time = now.time - last.time;
    if (time > LEAST) turns.push({ start: last.at, end: now.at, time });
    last = now;
  };
  const turn = () => {
    look();
    handle = setImmediate(turn);
  };
  handle = setImmediate(turn);
  try {
    await act();
    look();
  } finally {
    clearImmediate(handle!);
    // They are told of in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
    note(observer.takeRecords());
    observer.disconnect();
  }
  const blocks = turns.map((one) => {
    let collected = 0;
    for (const { start, end } of collections) {
      collected += Math.max(0, Math.min(end, one.end) - Math.max(start, one.start));
    }
    // Of the time of the clock, the same share is CPU.
    return one.time * (1 - collected / (one.end - one.start));
  });
  return { all: last.at - start, block: blocks.reduce((most, one) => Math.max(most, one), 0) };
}
