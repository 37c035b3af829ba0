import type { Transform } from './edit.js';
import { SUITES } from './transforms.js';

/** The edits that are measured. */
export const SUITE: readonly Transform[] =
  (SUITES as Readonly<Record<string, readonly Transform[]>>).copies ?? SUITES.edits;
