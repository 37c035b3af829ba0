import type { HashPoolOptions } from '../../src/node/hash-pool.js';
import type { VariantProfile } from '../../src/variants/variant-profile.js';

/*
 * What `bench uploads` and its programs say to each other. Each program is a process of its own, so
 * that its delays, its processor time and its memory are its own.
 */

/** What a program is to be; its only argument, as JSON. */
export type ProgramSetup = DecodeSetup | ScanSetup | WatchSetup;

/** A server that decodes uploads and does nothing else. */
export interface DecodeSetup {
  readonly program: 'decode';
  readonly maxPixels: number;
}

/** Limits of a scanning server's pool. */
export type ScanOptions = Pick<HashPoolOptions, 'maxQueued' | 'maxBytesInFlight' | 'workers'>;

/** A server that checks uploads against a list. */
export interface ScanSetup extends ScanOptions {
  readonly program: 'scan';
  /** made-up entries */
  readonly entries: number;
  /** further entries: PDQ hashes in hex */
  readonly listed: readonly string[];
  readonly timeoutSeconds: number;
}

/** What a scanning server does at `/none`, `/quick` and `/thorough`. */
export const PROFILES = ['none', 'quick', 'thorough'] as const satisfies VariantProfile[];

/** A process that watches a server from outside. */
export interface WatchSetup {
  readonly program: 'watch';
  readonly port: number;
  readonly pid: number;
}

/** What a server is asked by its parent. It answers both with its delays. */
export type ServerQuestion = 'forget' | 'delays';

/** By how many milliseconds a timer of the server was late since it was told to forget. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a watcher has seen since it was asked before. */
export interface Watched {
  /** milliseconds until `/health` answered, asked every 20 ms */
  readonly health: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly healthErrors: number;
  /** the most that the server and its children held at once; undefined where `/proc` is missing */
  readonly peakBytes: number | undefined;
}
