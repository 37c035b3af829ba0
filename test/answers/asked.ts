import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { afterAll, vi } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex, type Perceptual } from '../../src/index.js';
import { hash as hashFile } from '../../src/node/index.js';
import { setWorkerScripts } from '../../src/node/pool/start-thread.js';
import { ROOT } from '../project/package.js';
import { writeRecord } from './answer-record.js';

/**
 * All answers are unchanged: fixtures/answers.json has a digest of each hash, decision, index file
 * and line of CLI output. These tests say that something changed, not what is right; other tests do
 * that. They use only public entries and the built program, so they survive any move of files. Each
 * difference is named.
 *
 *     npm run -s build && RECORD_ANSWERS=1 npx vitest run test/answers --no-file-parallelism
 *
 * records all answers again after an intended change; `RECORD_ANSWERS=new` adds those that are not
 * on record yet, such as a new fixture. Pixels depend on the decoders that package-lock.json pins,
 * so another version of sharp or heic-decode is a reason to record again. `ANSWERS=all` asks the
 * slow questions too. Not covered: standard error, `--help`, wording in JSON.
 */

export const FIXTURES = join(ROOT, 'fixtures');
export const REFERENCE_DATA = process.env.PDQ_REFERENCE_DATA;

// Whole folders and a hundred processes, perhaps on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });
afterAll(writeRecord);
// Threads run JavaScript, so they need the built worker.
setWorkerScripts(join(ROOT, 'dist'));

export const KINDS: readonly (readonly [Perceptual, 64 | 256])[] = [
  ['pdq', 256],
  ['blockhash', 256],
  ['blockhash', 64],
  ['phash', 64],
  ['dhash', 256],
  ['ahash', 64],
];

interface Photo {
  file: string;
  pdq: string;
  quality: number;
}
export const photos: Photo[] = JSON.parse(
  readFileSync(join(FIXTURES, 'photos/expected.json'), 'utf8'),
);

/** The photos, by the reference's PDQ hashes and by our own hashes of the other algorithms. */
let listed: Promise<BlocklistEntry[]> | undefined;
export const photoEntries = () => (listed ??= listPhotos());

async function listPhotos(): Promise<BlocklistEntry[]> {
  const entries: BlocklistEntry[] = photos.map(({ file, pdq: hex, quality }) => ({
    hash: hashFromHex('pdq', hex),
    quality,
    labels: [file],
  }));
  for (const [algorithm, bits] of KINDS.slice(1)) {
    for (const { file } of photos) {
      const { hash } = await hashFile(join(FIXTURES, 'photos', file), { algorithm, bits });
      entries.push({ hash, labels: [file] });
    }
  }
  return entries;
}

/** The files below a folder, by names with slashes, without the ones that describe them. */
export const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.json'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
