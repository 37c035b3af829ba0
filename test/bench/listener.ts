import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchContext } from '../../bench/harness.js';
import { reporter } from '../../bench/reporter.js';
import { ROOT } from '../project/package.js';

const built = (name: string) => pathToFileURL(join(ROOT, 'dist', name));

/** What is built of the programs that `bench uploads` starts, and of those of other benches. */
export const UPLOADS_SERVER = built('bench-server.js');
export const SERVER = built('bench-all-server.js');

/** Gathers what a benchmark reports. */
export function listener(options: BenchContext['options'] = {}, words: readonly string[] = []) {
  const reports = reporter(() => {});
  const context: BenchContext = { ...reports, options, words };
  return { context, ...reports.gathered };
}

/** What a benchmark gives for its record, as it is written there. */
// biome-ignore lint/suspicious/noExplicitAny: tests name what they look at.
export const recordOf = (measured: object): any => JSON.parse(JSON.stringify(measured));
