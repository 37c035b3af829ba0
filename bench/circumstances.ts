import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Calibration, calibrate, isBusy } from './calibration.js';

/** The folder of this package: of its checkout, or where it is installed. */
const ROOT = join(import.meta.dirname, '..');

/** What git says in a checkout, or undefined if it fails. */
function git(words: readonly string[], root = ROOT): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', root, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  });
  return status === 0 ? stdout : undefined;
}

/** The code that a record is of. */
export interface Checkout {
  readonly commit: string;
  /** no file differs from the commit, but for the records themselves */
  readonly clean: boolean;
}

/**
 * What is checked out in `root`.
 * @returns undefined where this is no checkout, or git is missing: an installed package may lie in
 *   the checkout of another project, which says nothing of it
 */
export function checkoutOf(root = ROOT): Checkout | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  const commit = git(['rev-parse', 'HEAD'], root)?.trim();
  const changed = git(['status', '--porcelain', '--', '.', ':!bench/record'], root);
  return commit && changed !== undefined ? { commit, clean: changed === '' } : undefined;
}

/** How a run was made. */
export interface Circumstances extends Partial<Checkout> {
  /** whether the machine had other work, before the run or after it */
  readonly busy: boolean;
  readonly calibrations: readonly Calibration[];
}

/** How a run was made that ends now. */
export function circumstances({ before }: { readonly before?: Calibration }): Circumstances {
  const calibrations = [...(before ? [before] : []), calibrate()];
  return { ...checkoutOf(), busy: isBusy(calibrations), calibrations };
}

/** The machine and engine that the figures were measured on. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}
