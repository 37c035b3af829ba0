import { describe, expect, test } from 'vitest';
import { uniformHashes } from '../../bench/workloads.js';
import type { Explanation } from '../../src/indexing/hamming-index.js';
import { type CreateOptions, createIndex, indexOf } from '../../src/indexing/mutable-index.js';
import { packedWords } from '../../src/packed-words.js';
import { conforms, KERNELS } from './conformance.js';

describe.each(
  ([undefined, 'flat', 'mih'] as const).flatMap((kind) =>
    KERNELS.flatMap(({ kernel, simd }) =>
      ([32, 16] as const).map((sketchBits) => ({ kind, kernel, simd, sketchBits })),
    ),
  ),
)('$kind, $kernel, sketches of $sketchBits bits', ({ kind, simd, sketchBits }) => {
  conforms((hashes, options) => {
    const entries = packedWords(hashes, options);
    const maxDistance = entries.bits === 64 ? 8 : 31;
    return indexOf(entries, { kind, maxDistance, sketchBits }, { simd });
  });
});

test('the options choose engine, kernel and memory', () => {
  const hashes = uniformHashes(5000, 1);
  const told = (options: CreateOptions) => {
    const index = createIndex(hashes, options);
    const [{ engine, kernel }] = index.explain(31).parts as [Explanation['parts'][number]];
    return [index.kind, engine, kernel, index.toBuffer().byteLength > 5000 * 200];
  };
  expect(told({})).toEqual(['mih', 'mih', 'simd', true]);
  expect(told({ simd: 'auto', kind: 'flat' })).toEqual(['flat', 'flat', 'simd', false]);
  expect(told({ simd: 'never' })).toEqual(['mih', 'mih', 'js', true]);
  expect(told({ memory: 'small', kind: 'mih' }).slice(0, 3)).toEqual(['mih', 'mih', 'simd']);
  const small = createIndex(hashes, { memory: 'small' }).toBuffer().byteLength;
  expect(small).toBeLessThan(0.85 * createIndex(hashes).toBuffer().byteLength);
  // Nobody keeps a memory for a short list.
  expect(createIndex(uniformHashes(2000, 1)).explain(31).parts[0]!.kernel).toBe('js');
  for (const wrong of [{ kind: 'scan' }, { simd: true }, { memory: 'large' }]) {
    expect(() => createIndex(hashes, wrong as never)).toThrow(RangeError);
  }
});
