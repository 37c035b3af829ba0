import { type Bench, type RunOptions, runBenches as run } from './harness.js';
import { fileBench } from './hash/file.js';
import { pdqBench } from './hash/pdq.js';
import { hammingBench } from './index/hamming.js';
import { precisionBench } from './precision/precision.js';
import { robustnessBench } from './robustness/robustness.js';
import { uploadsBench } from './uploads/uploads.js';

/** The benchmarks of the package, by their names in `onlyhashes bench NAME`. */
export const BENCHES: readonly Bench[] = [
  pdqBench,
  hammingBench,
  fileBench,
  robustnessBench,
  precisionBench,
  uploadsBench,
];

/** As `runBenches` of the harness, with these benchmarks. */
export const runBenches = (words: readonly string[], options?: RunOptions): Promise<boolean> =>
  run(BENCHES, words, options);
