import type { CreateOptions, Engine } from '../../src/indexing/create-index.js';
import type { HammingIndex } from '../../src/indexing/hamming-index.js';

/** How an index is made. */
export type EngineOptions = Pick<CreateOptions, 'maxDistance'> & Engine;

/** The name of ours in tables: `onlyhashes`, and what was asked of it. */
export function nameOf({ kind, simd }: EngineOptions = {}): string {
  const words = ['onlyhashes'];
  if (kind) words.push(kind);
  if (simd === 'never') words.push('without SIMD');
  return words.join(', ');
}

/** How a search goes about it: `mih, 16 bands, simd`. */
export function engineOf(index: HammingIndex, maxDistance: number): string {
  return index
    .explain(maxDistance)
    .parts.map(({ engine, bands, kernel }) =>
      [engine, ...(bands > 0 ? [`${bands} bands`] : []), kernel].join(', '),
    )
    .join('; ');
}
