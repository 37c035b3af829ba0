import type { EngineName } from '../browser/engines/engines.js';
import type { Answer } from './judge.js';
import type { Judged } from './run.js';

/** Answers and how many files had them. */
type Counts = Partial<Record<Answer, number>>;

/** Files of one kind, and the answers engine by engine. */
export type Row = { files: number } & Partial<Record<EngineName, Counts>>;

/** The files of a run, counted. */
export interface Tally {
  readonly all: Row;
  readonly formats: Readonly<Record<string, Row>>;
  /** a file counts for each of its features */
  readonly features: Readonly<Record<string, Row>>;
}

function add(row: Row, answers: Judged['answers']): void {
  row.files++;
  for (const [engine, answer] of Object.entries(answers) as [EngineName, Answer][]) {
    row[engine] ??= {};
    row[engine][answer] = (row[engine][answer] ?? 0) + 1;
  }
}

/** Counts files by format and by feature. */
export function tallyOf(judged: readonly Judged[]): Tally {
  const tally = {
    all: { files: 0 } as Row,
    formats: {} as Record<string, Row>,
    features: {} as Record<string, Row>,
  };
  for (const { file, answers } of judged) {
    add(tally.all, answers);
    tally.formats[file.format] ??= { files: 0 };
    add(tally.formats[file.format]!, answers);
    for (const name of file.features) {
      tally.features[name] ??= { files: 0 };
      add(tally.features[name]!, answers);
    }
  }
  return tally;
}
