import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BenchContext, targetsOf } from '../../bench/harness.js';
import type { Race } from '../../bench/race.js';
import { ROOT } from '../project/package.js';

const built = (name: string) => pathToFileURL(join(ROOT, 'dist', name));

/** What is built of the programs that `bench uploads` starts, and of those of other benches. */
export const UPLOADS_SERVER = built('bench-server.js');
export const SERVER = built('bench-all-server.js');

/** Gathers what a benchmark prints. */
export function listener(options: BenchContext['options'] = {}, words: readonly string[] = []) {
  const races: Race[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  const figure = (name: string, value: unknown) => {
    figures[name] = value;
  };
  const context: BenchContext = {
    report: (race) => races.push(race),
    note: (text) => notes.push(text),
    figure,
    targets: targetsOf(figure),
    options,
    words,
  };
  return { context, races, notes, figures };
}

/** What a benchmark gives for its record, as it is written there. */
// biome-ignore lint/suspicious/noExplicitAny: tests name what they look at.
export const recordOf = (measured: object): any => JSON.parse(JSON.stringify(measured));
