import { casesBench } from './cases/cases.js';
import type { Bench } from './harness.js';
import { blockhashBench } from './hash/blockhash.js';
import { browserBench } from './hash/browser.js';
import { fileBench } from './hash/file.js';
import { pdqBench } from './hash/pdq.js';
import { pdqBandBench } from './hash/pdq-band.js';
import { variantsBench } from './hash/variants.js';
import { windowsBench } from './hash/windows.js';
import { cliffsBench } from './index/cliffs.js';
import { hammingBench } from './index/hamming.js';
import { scanBench } from './index/scan.js';
import { blocklistBench } from './lists/blocklist.js';
import { digestsBench } from './lists/digests.js';
import { listsBench } from './lists/lists.js';
import { precisionBench } from './precision/precision.js';
import { innerBench } from './robustness/inner/inner.js';
import { robustnessBench } from './robustness/robustness.js';
import { serviceBench } from './store/service.js';
import { storeBench } from './store/store.js';
import { uploadsBench } from './uploads/uploads.js';
import { versusBench } from './versus.js';
import { videoBench } from './video/video.js';

/** Every benchmark, by its name in `npm run bench -- NAME`. */
export const BENCHES: readonly Bench[] = [
  pdqBench,
  pdqBandBench,
  blockhashBench,
  scanBench,
  hammingBench,
  cliffsBench,
  blocklistBench,
  listsBench,
  digestsBench,
  fileBench,
  browserBench,
  variantsBench,
  windowsBench,
  robustnessBench,
  innerBench,
  precisionBench,
  uploadsBench,
  storeBench,
  serviceBench,
  casesBench,
  videoBench,
  versusBench,
];
