import { hasKernels } from '../kernels/simd/arena.js';

/**
 * Whether pictures are hashed here in WebAssembly SIMD, or in JavaScript because that is missing or
 * a policy forbids it. The hashes are the same bits.
 */
export const hashesInSimd = (): boolean => hasKernels();
