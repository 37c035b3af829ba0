import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUSY, type Calibration, calibrate } from './calibration.js';
import { circumstances, machine } from './circumstances.js';
import { type Reporter, reporter, type Target } from './reporter.js';
import { absentPackages } from './rivals.js';

/** The options of benchmarks, by their names on the command line. */
export interface BenchOptions {
  readonly large?: boolean;
  readonly quick?: boolean;
  readonly stages?: boolean;
  readonly smallest?: number;
  readonly largest?: number;
  readonly distance?: number;
  readonly rounds?: number;
  readonly clips?: number;
  readonly seed?: number;
  readonly part?: string;
  readonly photos?: string;
  readonly set?: string;
  /** modules of one's own */
  readonly hash?: string;
  readonly edits?: string;
  /** a folder for records */
  readonly out?: string;
}

const NUMBERS = ['smallest', 'largest', 'distance', 'rounds', 'clips', 'seed'];

/** What a benchmark gets from its runner. */
export interface BenchContext extends Reporter {
  readonly options: BenchOptions;
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
  /** of the benchmarks, as the command line has them */
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
  { json = false, options: given = {} }: RunOptions = {},
): Promise<boolean> {
  const options: BenchOptions = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      NUMBERS.includes(name) ? Number(value) : value,
    ]),
  );
  const print = (text: string) => {
    if (!json) console.log(text);
  };
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
  for (const [key, value] of Object.entries(machine())) print(`${key.padEnd(9)}${value}`);
  let before = calibrate();
  for (const bench of chosen) {
    print(`\n${bench.name}: ${bench.about}`);
    const reports = reporter(print);
    const { races, notes, figures, targets } = reports.gathered;
    let ran = true;
    let measured: unknown;
    try {
      const context = { ...reports, options, words: words.slice(names.length), before };
      measured = await bench.run(context);
    } catch (error) {
      if (!(error instanceof NotRun)) throw error;
      ran = false;
      reports.note(`not run: ${error.message}`);
    }
    tellMissed(reports, targets);
    const made = circumstances({ before });
    before = made.calibrations.at(-1)!;
    if (ran && made.busy) reports.note(BUSY);
    results.push({ name: bench.name, races, notes, figures });
    anyRan ||= ran;
    if (ran && !bench.ownRecord) {
      const all = {
        ...(measured ?? { races, notes, figures }),
        ...(targets.length > 0 && { targets }),
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
  if (out === undefined) return;
  mkdirSync(out, { recursive: true });
  const all = { machine: machine(), made, ...measured };
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(all, null, 2)}\n`);
}

/** Tells the targets that were missed, if there are any targets. */
function tellMissed({ figure, note }: Reporter, targets: readonly Target[]): void {
  const missed = targets.filter(({ met }) => !met);
  if (targets.length > 0) figure(`targets missed, of ${targets.length}`, missed.length);
  for (const { name, measured, target } of missed) {
    note(`MISSED: ${name}: ${measured.toPrecision(3)}, expected ${target}`);
  }
}

/**
 * The sizes that the options leave.
 * @throws {RangeError} if they leave none
 */
export function sizesOf(
  { smallest = 0, largest = Number.POSITIVE_INFINITY }: BenchOptions,
  sizes: readonly number[],
): number[] {
  const left = sizes.filter((size) => size >= smallest && size <= largest);
  if (left.length === 0) throw new RangeError(`expected one of the sizes ${sizes.join(', ')}`);
  return left;
}

/**
 * The parts of a benchmark that its words or its option `part` name, or all, in their order.
 * @throws {RangeError} if there is none of a name
 */
export function partsOf<Part>(
  { words = [], options: { part } }: BenchContext,
  parts: Readonly<Record<string, Part>>,
): [name: string, part: Part][] {
  const names = part === undefined ? words : [part];
  if (names.some((name) => !Object.hasOwn(parts, name))) {
    throw new RangeError(`expected parts among ${Object.keys(parts).join(', ')}`);
  }
  return Object.entries(parts).filter(([name]) => names.length === 0 || names.includes(name));
}
