import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** A folder with scripts of workers. */
export interface WorkerScripts {
  /** the package's own */
  readonly url: URL;
  /** bundles a file of this repository */
  build(file: string): URL;
  /** a worker that the test plays */
  write(name: string, text: string): URL;
  remove(): void;
}

/** Builds the script of a pool's workers as the package does: processes run JavaScript. */
export function workerScripts(): WorkerScripts {
  const folder = mkdtempSync(join(tmpdir(), 'hash-process-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const build = (file: string) => {
    const outfile = join(folder, `${file.replace(/.*\//, '').replace(/\.ts$/, '')}.mjs`);
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
  return {
    url: build('src/node/hash-process.ts'),
    build,
    write(name, text) {
      const path = join(folder, `${name}.mjs`);
      writeFileSync(path, text);
      return pathToFileURL(path);
    },
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
