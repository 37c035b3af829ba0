import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packedInto } from './package.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** the path of the package, packed as it was built */
    tarball: string;
  }
}

/** Packs the package once for all files of a project. */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-packed-'));
  project.provide('tarball', packedInto(folder));
  return () => rmSync(folder, { recursive: true });
}
