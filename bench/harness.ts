import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { BUSY, type Calibration, calibrate, isBusy } from './calibration.js';
import { type Checkout, checkoutOf } from './checkout.js';
import { digits, type Race } from './race.js';
import { absentPackages } from './rivals.js';

/** What a benchmark gets from its runner. */
export interface BenchContext {
  /** called with each race as it ends */
  report(race: Race): void;
  /** prints a line of prose: a missing rival, a remark */
  note(text: string): void;
  /** reports a single figure by name, also in `--json` */
  figure(name: string, value: unknown): void;
  /** judges figures, which it reports too */
  readonly targets: Targets;
  /** command line options, by name (`large`, `photos`, `seed` …) */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** the words after the bench's name, if it takes any */
  readonly words?: readonly string[];
  /** the machine before the bench ran, if its runner looked */
  readonly before?: Calibration;
}

/** A benchmark cannot run at all: the message says what it needs. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

/** A named benchmark, run by `onlyhashes bench NAME`. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  /** takes many minutes, so it runs only when named */
  readonly long?: boolean;
  /** the words that may follow its name, as its usage shows them */
  readonly takes?: string;
  /** writes its own record into the folder of `out`, so the runner writes none */
  readonly ownRecord?: true;
  /**
   * @returns what its record holds beside the targets, if not races, notes and figures
   * @throws {NotRun} if what it stands on is not installed
   */
  run(context: BenchContext): Promise<unknown>;
}

export interface RunOptions {
  /** print one JSON object instead of tables */
  json?: boolean;
  /** of the benchmarks; `out` names a folder for a record of each */
  options?: Record<string, string | boolean | undefined>;
}

/**
 * Runs the named benchmarks, or all but the long ones if none is named, and prints ratios, then
 * times. What is not installed is told last, with the command that installs it.
 * @param words names; a benchmark that takes words gets all those after its name
 * @returns whether any ran: one that needs what is not installed does not
 * @throws {RangeError} if a name is not in `benches`
 */
export async function runBenches(
  benches: readonly Bench[],
  words: readonly string[],
  { json = false, options = {} }: RunOptions = {},
): Promise<boolean> {
  const taker = words.findIndex((word) =>
    benches.some(({ name, takes }) => takes && name === word),
  );
  const names = taker < 0 ? words : words.slice(0, taker + 1);
  for (const name of names) {
    if (!benches.some((bench) => bench.name === name)) {
      const known = benches.map((bench) => bench.name).join(', ');
      throw new RangeError(`expected a benchmark's name (${known}), got ${name}`);
    }
  }
  const chosen = benches.filter(({ name, long }) =>
    names.length === 0 ? !long : names.includes(name),
  );
  const results = [];
  let anyRan = false;
  if (!json) {
    for (const [key, value] of Object.entries(machine())) console.log(`${key.padEnd(9)}${value}`);
  }
  let before = calibrate();
  for (const bench of chosen) {
    const races: Race[] = [];
    const notes: string[] = [];
    const figures: Record<string, unknown> = {};
    if (!json) console.log(`\n${bench.name}: ${bench.about}`);
    const note = (text: string) => {
      notes.push(text);
      if (!json) console.log(`  ${text}`);
    };
    const figure = (name: string, value: unknown) => {
      figures[name] = value;
      const text = typeof value === 'number' ? short(value) : JSON.stringify(value);
      if (!json) console.log(`  ${name}: ${text}`);
    };
    const targets = targetsOf(figure);
    const report = (race: Race) => {
      races.push(race);
      if (!json) console.log(`\n${formatRace(race)}`);
    };
    let ran = true;
    let measured: unknown;
    try {
      const given = { options, words: words.slice(names.length), before };
      measured = await bench.run({ ...given, report, note, figure, targets });
    } catch (error) {
      if (!(error instanceof NotRun)) throw error;
      ran = false;
      note(`not run: ${error.message}`);
    }
    tellMissed({ figure, note, targets });
    const made = circumstances({ before });
    before = made.calibrations.at(-1)!;
    if (ran && made.busy) note(BUSY);
    results.push({ name: bench.name, races, notes, figures });
    anyRan ||= ran;
    if (ran && !bench.ownRecord) {
      const { list } = targets;
      const all = {
        ...(measured ?? { races, notes, figures }),
        ...(list.length > 0 && { targets: list }),
      };
      writeRecord({ options }, bench.name, all, made);
    }
  }
  const notInstalled = absentPackages();
  if (json) console.log(JSON.stringify({ machine: machine(), benches: results, notInstalled }));
  else if (notInstalled.length > 0) {
    console.log(
      `\nTo compare with all of it, beside onlyhashes:\n  npm install ${notInstalled.join(' ')}`,
    );
  }
  return anyRan;
}

/** A race as a table: the ratio to ours, the time per operation and its spread. */
function formatRace({ title, timings, notes }: Race): string {
  const width = Math.max(...timings.map(({ name }) => name.length)) + 2;
  const lines = timings.map(({ name, ratio, microseconds, range }, at) => {
    const factor = at === 0 ? '1' : `${ratio.toFixed(2)}x`;
    const spread = `${duration(range[0])} - ${duration(range[1])}`;
    return `  ${name.padEnd(width)}${factor.padStart(9)}${duration(microseconds).padStart(12)}   (${spread})`;
  });
  return [title, ...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

/** A duration in the unit that a person would use. */
function duration(microseconds: number): string {
  if (microseconds < 1) return `${short(microseconds * 1000)} ns`;
  if (microseconds < 1000) return `${short(microseconds)} us`;
  if (microseconds < 1e6) return `${short(microseconds / 1000)} ms`;
  return `${short(microseconds / 1e6)} s`;
}

/** A number with three significant digits. */
function short(value: number): string {
  return Number.isInteger(value) || value >= 1000
    ? String(Math.round(value))
    : value.toPrecision(3);
}

/** How a run was made. */
export interface Circumstances extends Partial<Checkout> {
  /** whether the machine had other work, before the run or after it */
  readonly busy: boolean;
  readonly calibrations: readonly Calibration[];
}

/** How a run was made that ends now. */
export function circumstances({ before }: Pick<BenchContext, 'before'>): Circumstances {
  const calibrations = [...(before ? [before] : []), calibrate()];
  return { ...checkoutOf(), busy: isBusy(calibrations), calibrations };
}

/**
 * Writes what was measured, how, and on which machine, to `NAME.json` in the folder of `out`, if any.
 */
export function writeRecord(
  context: Pick<BenchContext, 'options' | 'before'>,
  name: string,
  measured: object,
  made = circumstances(context),
): void {
  const { out } = context.options;
  if (typeof out !== 'string') return;
  mkdirSync(out, { recursive: true });
  const all = { machine: machine(), made, ...measured };
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(all, null, 2)}\n`);
}

/** The machine and engine that the figures were measured on. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}

/** A figure that must not miss its bound. */
export interface Target {
  readonly name: string;
  readonly measured: number;
  /** in words: `at least 1.8` */
  readonly target: string;
  readonly met: boolean;
}

/** Judges figures as they are measured. */
export interface Targets {
  readonly list: readonly Target[];
  atLeast(name: string, measured: number | undefined, bound: number): void;
  atMost(name: string, measured: number | undefined, bound: number): void;
}

/** Targets that are printed as figures. A figure that was not measured is left out. */
export function targetsOf(figure: BenchContext['figure']): Targets {
  const list: Target[] = [];
  const judge = (name: string, measured: number | undefined, target: string, met: boolean) => {
    if (measured === undefined) return;
    list.push({ name, measured, target, met });
    figure(name, { measured: Number(digits(measured)), target, met });
  };
  return {
    list,
    atLeast: (name, measured, bound) =>
      judge(name, measured, `at least ${bound}`, measured !== undefined && measured >= bound),
    atMost: (name, measured, bound) =>
      judge(name, measured, `at most ${bound}`, measured !== undefined && measured <= bound),
  };
}

/** Tells the targets that were missed, if there are any targets. */
function tellMissed({ figure, note, targets }: Pick<BenchContext, 'figure' | 'note' | 'targets'>) {
  const { list } = targets;
  const missed = list.filter(({ met }) => !met);
  if (list.length > 0) figure(`targets missed, of ${list.length}`, missed.length);
  for (const { name, measured, target } of missed) {
    note(`MISSED: ${name}: ${measured.toPrecision(3)}, expected ${target}`);
  }
}

/**
 * The parts of a benchmark that its words or its option `part` name, or all, in their order.
 * @throws {RangeError} if there is none of a name
 */
export function partsOf<Part>(
  { words = [], options: { part } }: BenchContext,
  parts: Readonly<Record<string, Part>>,
): [name: string, part: Part][] {
  const names = part === undefined ? words : [String(part)];
  if (names.some((name) => !Object.hasOwn(parts, name))) {
    throw new RangeError(`expected parts among ${Object.keys(parts).join(', ')}`);
  }
  return Object.entries(parts).filter(([name]) => names.length === 0 || names.includes(name));
}
