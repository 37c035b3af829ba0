import { describe, expect, test } from 'vitest';
import { uniformHashes } from '../../bench/workloads.js';
import { type CreateOptions, createIndex, indexOf } from '../../src/indexing/create-index.js';
import type { Explanation } from '../../src/indexing/hamming-index.js';
import { conforms, KERNELS } from './conformance.js';

describe.each(
  ([undefined, 'flat', 'mih'] as const).flatMap((kind) =>
    KERNELS.flatMap(({ kernel, simd }) =>
      (['fast', 'small'] as const).map((memory) => ({ kind, kernel, simd, memory })),
    ),
  ),
)('$kind, $kernel, $memory memory', ({ kind, simd, memory }) => {
  conforms((hashes, options) => {
    return indexOf(hashes, { ...options, memory }, { kind, simd });
  });
});

test('an index takes the cheaper engine and, for a long list, SIMD', () => {
  const hashes = uniformHashes(5000, 1);
  const told = (options: CreateOptions) => {
    const index = createIndex(hashes, options);
    const [{ engine, kernel }] = index.explain(31).parts as [Explanation['parts'][number]];
    return [index.kind, engine, kernel, index.toBuffer().byteLength > 5000 * 200];
  };
  expect(told({})).toEqual(['mih', 'mih', 'simd', true]);
  expect(told({ maxDistance: 128 })).toEqual(['flat', 'flat', 'simd', false]);
  expect(told({ memory: 'small' }).slice(0, 3)).toEqual(['mih', 'mih', 'simd']);
  const small = createIndex(hashes, { memory: 'small' }).toBuffer().byteLength;
  expect(small).toBeLessThan(0.85 * createIndex(hashes).toBuffer().byteLength);
  // Nobody keeps a memory for a short list.
  expect(createIndex(uniformHashes(2000, 1)).explain(31).parts[0]!.kernel).toBe('js');
  expect(() => createIndex(hashes, { memory: 'large' as never })).toThrow(RangeError);
});
