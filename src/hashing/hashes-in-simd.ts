import { hasKernels } from '../kernels/simd/arena.js';

/**
 * Reports which form of the loops hashes pictures here. The hashes are the same bits.
 * @returns true for WebAssembly SIMD, false for JavaScript: where SIMD is missing or a policy
 *   forbids it
 */
export const hashesInSimd = (): boolean => hasKernels();
