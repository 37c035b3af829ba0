import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchContext } from '../../bench/harness.js';
import type { Race } from '../../bench/race.js';
import { ROOT } from '../package.js';

/** The built program that a bench starts as a process of its own. */
export const SERVER = pathToFileURL(join(ROOT, 'dist/bench-server.js'));

/** Gathers what a benchmark prints. */
export function listener(options: BenchContext['options'] = {}, words: readonly string[] = []) {
  const races: Race[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  const context: BenchContext = {
    report: (race) => races.push(race),
    note: (text) => notes.push(text),
    figure: (name, value) => {
      figures[name] = value;
    },
    options,
    words,
  };
  return { context, races, notes, figures };
}
