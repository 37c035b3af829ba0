import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
// By its path, as the tests have this file under the name of the package.
import {
  PGlite as Engine,
  type PGliteOptions,
} from '../../../node_modules/@electric-sql/pglite/dist/index.js';
import { ROOT } from '../../project/package.js';

// To optimize the engine's code takes longer than the few queries of a test gain by it.
setFlagsFromString('--liftoff-only');

const FOLDER = join(ROOT, 'node_modules/.cache/onlyhashes-tests');
const MADE_BY = join(ROOT, 'node_modules/@electric-sql/pglite/package.json');

/**
 * The engine of embedded stores. To initialize a database takes it seconds, so one that is empty is
 * kept as a file, and each database in memory begins as a copy of it. Those in a folder do not.
 */
export const PGlite = {
  defaultStartParams: Engine.defaultStartParams,
  async create(options: PGliteOptions) {
    const isInMemory = options.dataDir === undefined;
    const empty = isInMemory ? { loadDataDir: await emptyDatabase() } : {};
    return await Engine.create({ ...options, ...empty });
  },
};

async function emptyDatabase(): Promise<Blob> {
  const { version } = JSON.parse(readFileSync(MADE_BY, 'utf8')) as { version: string };
  const path = join(FOLDER, `pglite-${version}.tar`);
  if (!existsSync(path)) {
    const engine = await Engine.create();
    const made = await engine.dumpDataDir('none');
    await engine.close();
    mkdirSync(FOLDER, { recursive: true });
    // Other processes may be making it too: whoever comes last has the same.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, Buffer.from(await made.arrayBuffer()));
    renameSync(own, path);
  }
  return new Blob([readFileSync(path)]);
}
