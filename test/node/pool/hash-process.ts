import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';

const ROOT = join(import.meta.dirname, '../../..');

/** The scripts that the package starts, and their folders. */
const FOLDERS = {
  'hash-process': 'pool',
  'heic-worker': 'decode',
  'index-worker': 'files',
} as const;
type Script = keyof typeof FOLDERS;

/** A folder with scripts that find the packages of this one. */
export interface WorkerScripts {
  /** the folder, for `setWorkerScripts` */
  readonly folder: URL;
  /** bundles a file of this repository */
  build(file: string): URL;
  write(name: string, text: string): URL;
  /** @returns a folder whose script of this name is played by the test */
  played(script: Script, name: string, text: string): URL;
  remove(): void;
}

/**
 * These scripts, built as the package builds them (processes run JavaScript), for the tests of a
 * file or a group.
 */
export function ownScripts(...own: Script[]): WorkerScripts {
  const scripts = workerScripts();
  for (const script of own) scripts.build(`src/node/${FOLDERS[script]}/${script}.ts`);
  setWorkerScripts(scripts.folder);
  afterAll(scripts.remove);
  return scripts;
}

export function workerScripts(): WorkerScripts {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const build = (file: string) => {
    const outfile = join(folder, `${file.replace(/.*\//, '').replace(/\.ts$/, '')}.js`);
    buildSync({
      entryPoints: [join(ROOT, file)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['sharp', 'heic-decode', 'utif2', 'pg', '@electric-sql/pglite'],
      outfile,
    });
    return pathToFileURL(outfile);
  };
  const write = (name: string, text: string) => {
    const path = join(folder, `${name}.js`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return pathToFileURL(path);
  };
  return {
    folder: pathToFileURL(`${folder}/`),
    build,
    write,
    played: (script, name, text) => new URL('.', write(`${name}/${script}`, text)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A worker that says it listens, and then does `then` when it is asked `ask`. */
export const workerThat = (ask: 'begin' | 'first', then: string) => `
process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  if (question.ask === ${JSON.stringify(ask)}) { ${then} }
  else process.send(question.ask === 'end' ? { residentBytes: 0 } : 'ready');
});
process.send('ready');
`;

/** Whether there is such a process. One that has ended and is not yet waited for is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
