import { digits, type Race } from './race.js';

/** The least or the most that a figure may be. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** A figure that must not miss its bound. */
export interface Target {
  readonly name: string;
  readonly measured: number;
  /** in words: `at least 1.8` */
  readonly target: string;
  readonly met: boolean;
}

type Cell = string | number | undefined;

/** Prints what a benchmark finds, as it finds it, and gathers it for the record. */
export interface Reporter {
  /** a race that has ended */
  report(race: Race): void;
  /** a line of prose: a missing rival, a remark */
  note(text: string): void;
  /**
   * A figure by its name, judged if it has a bound; one that could not be measured is left out.
   * @returns the value, for the bench's own record
   */
  figure<T>(name: string, value: T, bound?: Bound | false): T;
  /** Each member of a row as a figure, named by the row and itself. @returns the row */
  row<Row extends object>(name: string, row: Row): Row;
  /** Rows as a table. The first member of a row names it; the others name the columns. */
  table(title: string, rows: readonly Readonly<Record<string, Cell>>[]): void;
  readonly gathered: {
    readonly races: Race[];
    readonly notes: string[];
    readonly figures: Record<string, unknown>;
    readonly targets: Target[];
  };
}

export function reporter(print: (text: string) => void): Reporter {
  const races: Race[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  const targets: Target[] = [];
  const note = (text: string) => {
    notes.push(text);
    print(`  ${text}`);
  };
  const figure: Reporter['figure'] = (name, value, bound) => {
    if (value === undefined) return value;
    let shown: unknown = value;
    if (bound) {
      const target = judged(name, Number(value), bound);
      targets.push(target);
      const { measured, target: words, met } = target;
      shown = { measured: Number(digits(measured)), target: words, met };
    }
    figures[name] = shown;
    print(`  ${name}: ${typeof shown === 'number' ? short(shown) : JSON.stringify(shown)}`);
    return value;
  };
  return {
    note,
    figure,
    row(name, row) {
      for (const [member, value] of Object.entries(row)) figure(`${name}: ${member}`, value);
      return row;
    },
    report(race) {
      races.push(race);
      print(`\n${formatRace(race)}`);
    },
    table: (title, rows) => note(`\n  ${tableOf(title, rows)}`),
    gathered: { races, notes, figures, targets },
  };
}

function judged(name: string, measured: number, bound: Bound): Target {
  return 'atLeast' in bound
    ? { name, measured, target: `at least ${bound.atLeast}`, met: measured >= bound.atLeast }
    : { name, measured, target: `at most ${bound.atMost}`, met: measured <= bound.atMost };
}

/** Rows in columns, under a title and a heading; the first column is aligned left, others right. */
function tableOf(title: string, rows: readonly Readonly<Record<string, Cell>>[]): string {
  const cell = (value: Cell) => (typeof value === 'number' ? digits(value) : (value ?? '-'));
  const head = Object.keys(rows[0] ?? {}).slice(1);
  const all = [['', ...head], ...rows.map((row) => Object.values(row).map(cell))];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((text, at) => (at === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[at]! + 2)))
      .join(''),
  );
  return [title, ...lines].join('\n    ');
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
const short = (value: number): string =>
  Number.isInteger(value) || value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
