import { blockhashBench } from './hash/blockhash.js';
import { blocklistBench } from './blocklist.js';
import { browserBench } from './hash/browser.js';
import { BUSY, calibrate } from './calibration.js';
import { cliffsBench } from './index/cliffs.js';
import { fileBench } from './hash/file.js';
import { hammingBench } from './index/hamming.js';
import { type Bench, circumstances, machine, NotRun, type Race, writeRecord } from './harness.js';
import { listsBench } from './lists/lists.js';
import { pdqBench } from './hash/pdq.js';
import { pdqBandBench } from './hash/pdq-band.js';
import { absentPackages } from './rivals.js';
import { robustnessBench } from './robustness/robustness.js';
import { scanBench } from './index/scan.js';
import { serviceBench } from './store/service.js';
import { storeBench } from './store/store.js';
import { uploadsBench } from './uploads/uploads.js';
import { variantsBench } from './hash/variants.js';
import { versusBench } from './versus.js';
import { windowsBench } from './hash/windows.js';

/** Every benchmark, by its name in `onlyhashes bench NAME`. */
export const BENCHES: readonly Bench[] = [
  pdqBench,
  pdqBandBench,
  blockhashBench,
  scanBench,
  hammingBench,
  cliffsBench,
  blocklistBench,
  listsBench,
  fileBench,
  browserBench,
  variantsBench,
  windowsBench,
  robustnessBench,
  uploadsBench,
  storeBench,
  serviceBench,
  versusBench,
];

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
 * @throws {RangeError} if a name is not in `BENCHES`
 */
export async function runBenches(
  words: readonly string[],
  { json = false, options = {} }: RunOptions = {},
): Promise<boolean> {
  const taker = words.findIndex((word) =>
    BENCHES.some(({ name, takes }) => takes && name === word),
  );
  const names = taker < 0 ? words : words.slice(0, taker + 1);
  for (const name of names) {
    if (!BENCHES.some((bench) => bench.name === name)) {
      const known = BENCHES.map((bench) => bench.name).join(', ');
      throw new RangeError(`expected a benchmark's name (${known}), got ${name}`);
    }
  }
  const chosen = BENCHES.filter(({ name, long }) =>
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
    let ran = true;
    try {
      await bench.run({
        options,
        words: words.slice(names.length),
        before,
        report(race) {
          races.push(race);
          if (!json) console.log(`\n${formatRace(race)}`);
        },
        note,
        figure(name, value) {
          figures[name] = value;
          if (!json)
            console.log(
              `  ${name}: ${typeof value === 'number' ? short(value) : JSON.stringify(value)}`,
            );
        },
      });
    } catch (error) {
      if (!(error instanceof NotRun)) throw error;
      ran = false;
      note(`not run: ${error.message}`);
    }
    const made = circumstances({ before });
    before = made.calibrations.at(-1)!;
    if (ran && made.busy) note(BUSY);
    results.push({ name: bench.name, races, notes, figures });
    anyRan ||= ran;
    if (ran && !bench.ownRecord) {
      writeRecord({ options }, bench.name, { races, notes, figures }, made);
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
export function formatRace({ title, timings, notes }: Race): string {
  const width = Math.max(...timings.map(({ name }) => name.length)) + 2;
  const lines = timings.map(({ name, ratio, microseconds, range }, at) => {
    const factor = at === 0 ? '1' : `${ratio.toFixed(2)}x`;
    const spread = `${duration(range[0])} - ${duration(range[1])}`;
    return `  ${name.padEnd(width)}${factor.padStart(9)}${duration(microseconds).padStart(12)}   (${spread})`;
  });
  return [title, ...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

/** A duration in the unit that a person would use. */
export function duration(microseconds: number): string {
  if (microseconds < 1) return `${short(microseconds * 1000)} ns`;
  if (microseconds < 1000) return `${short(microseconds)} us`;
  if (microseconds < 1e6) return `${short(microseconds / 1000)} ms`;
  return `${short(microseconds / 1e6)} s`;
}

/** A number with three significant digits. */
export function short(value: number): string {
  return Number.isInteger(value) || value >= 1000
    ? String(Math.round(value))
    : value.toPrecision(3);
}
