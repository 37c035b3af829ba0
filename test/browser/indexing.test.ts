import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { ROOT } from '../project/package.js';
import { runs } from '../seed.js';
import { describeEngine, ENGINES, enginesFor } from './engines/engines.js';
import { serve } from './engines/serve.js';

/** Runs in a page and in Node: what indexes of 5,000 hashes answer, and what they run in. */
const PROGRAM = `
const PLANTED = ${runs(20)};
import { indexFromBuffer } from './src/index.js';
import { indexOf } from './src/indexing/create-index.js';
import { clusteredHashes } from './bench/workloads.js';

export function answers() {
  const told = [];
  for (const [algorithm, bits] of [['pdq', 256], ['phash', 64]]) {
    const hashes = clusteredHashes(5000, 3, { algorithm, bits });
    const queries = clusteredHashes(2 * PLANTED, 4, { algorithm, bits });
    queries.bytes.set(hashes.bytes.subarray(0, PLANTED * bits / 8));
    for (const options of [{}, { kind: 'flat' }, { memory: 'small', kind: 'mih' }, { simd: 'never' }]) {
      const index = indexOf(hashes, options, options);
      const attached = indexFromBuffer(index.toBuffer());
      for (let at = 0; at < 600; at++) {
        index.add({ algorithm, bytes: hashes.bytes.slice(at * bits / 8, (at + 1) * bits / 8) });
        if (at % 3 === 0) index.remove(at);
      }
      for (const each of [index, attached]) {
        const hits = [0, 8, 31, 60].map((max) => each.searchBatch(queries, max)
          .map((found) => found.map(({ id, distance }) => id + ':' + distance).sort().join()));
        told.push({ kernel: each.explain(8).parts[0].kernel, hits });
      }
    }
  }
  return told;
}
`;

interface Told {
  kernel: 'simd' | 'js';
  hits: string[][];
}

async function bundled(format: 'esm' | 'iife'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: join(ROOT), loader: 'ts' },
    bundle: true,
    write: false,
    format,
    globalName: format === 'iife' ? 'program' : undefined,
    logLevel: 'error',
  } as Parameters<typeof build>[0]);
  return outputFiles![0]!.text;
}

/** Its answers in Node. */
async function askedInNode(): Promise<Told[]> {
  const text = Buffer.from(await bundled('esm')).toString('base64');
  const { answers } = await import(/* @vite-ignore */ `data:text/javascript;base64,${text}`);
  return (answers as () => Told[])();
}
let told: Promise<Told[]> | undefined;
const inNode = () => (told ??= askedInNode());

const POLICIES = {
  'allows WebAssembly': "script-src 'self' 'wasm-unsafe-eval'",
  'forbids WebAssembly': "script-src 'self'",
};

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    // Without WebAssembly an index is only JavaScript, the same in every engine.
    const all = enginesFor('webkit').includes(name);
    test.each(Object.entries(POLICIES).slice(0, all ? 2 : 1))(
      'an index answers as in Node, under a policy that %s',
      async (_, policy) => {
        const script = await bundled('iife');
        const site = await serve((path) => {
          if (path === '/program.js') return { body: script };
          if (path === '/run.js') return { body: 'window.told = program.answers();' };
          const body =
            '<!doctype html><script src="program.js"></script><script src="run.js"></script>';
          return path === '/'
            ? { body, headers: { 'content-security-policy': policy } }
            : undefined;
        });
        try {
          const page = await open.page();
          await page.goto(`${site.url}/`);
          const told = await page.waitFor(() => (window as { told?: unknown }).told);
          const expected = await inNode();
          expect((told as Told[]).map(({ hits }) => hits)).toEqual(
            expected.map(({ hits }) => hits),
          );
          const kernels = (told as Told[]).map(({ kernel }) => kernel);
          if (policy.includes('wasm-unsafe-eval')) {
            expect(kernels).toEqual(expected.map(({ kernel }) => kernel));
            expect(kernels).toContain('simd');
          } else expect(new Set(kernels)).toEqual(new Set(['js']));
        } finally {
          await site.close();
        }
      },
    );
  });
}
