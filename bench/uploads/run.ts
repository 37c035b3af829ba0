import type { HashPoolOptions } from '../../src/node/pool/hash-pool.js';
import type { VariantProfile } from '../../src/variants/variant-profile.js';
import type { BenchContext } from '../harness.js';
import type { WatchedServer } from '../programs/programs.js';
import type { Answer, Target } from './load.js';
import type { Expected, Upload, UploadFiles, UploadSizes } from './pictures.js';

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

/** How large a run is. */
export interface UploadScale {
  readonly sizes: UploadSizes;
  /** made-up entries of the list */
  readonly entries: number;
  /** uploads of the mix that each server gets a round, and how many are sent at once */
  readonly uploads: number;
  readonly clients: number;
  readonly rounds: number;
  /** uploads of one picture, to weigh what it costs */
  readonly weighed: number;
  /** heavy uploads at once */
  readonly heavy: number;
  readonly slowClients: number;
}

/** What every part of `bench uploads` gets. */
export interface UploadRun {
  readonly context: BenchContext;
  readonly scale: UploadScale;
  readonly files: UploadFiles;
  /** decodes, and does nothing else */
  readonly decoding: WatchedServer;
  readonly scanning: WatchedServer;
  /** a scanning server of other limits, which the part ends itself */
  startScanning(options: ScanOptions): Promise<WatchedServer>;
}

/** A part of `bench uploads`. Resolves to what goes into the record. */
export type UploadPart = (run: UploadRun) => Promise<unknown>;

/** A way to treat an upload: decoding alone, or a scan of a profile. */
export interface Way {
  readonly name: string;
  readonly server: WatchedServer;
  readonly target: Target;
  readonly profile: (typeof PROFILES)[number] | undefined;
}

/** Bare decoding first. */
export function waysOf({ decoding, scanning }: Pick<UploadRun, 'decoding' | 'scanning'>): Way[] {
  const decode = { port: decoding.port, path: '/decode' };
  return [
    { name: 'bare decoding', server: decoding, target: decode, profile: undefined },
    ...PROFILES.map((profile) => ({
      name: profile === 'none' ? 'plain' : profile,
      server: scanning,
      target: scanOf(scanning, profile),
      profile,
    })),
  ];
}

/** The address of a scanning server for a profile. */
export const scanOf = ({ port }: WatchedServer, profile: VariantProfile): Target => ({
  port,
  path: `/${profile}`,
});

/**
 * What a server made of an upload: `busy` if it did not take it, and `lost` if there was no answer
 * or one that no server of this benchmark gives.
 */
export function outcomeOf(answer: Answer | Error): Expected | 'busy' | 'lost' {
  if (answer instanceof Error) return 'lost';
  if (answer.status === 503) return 'busy';
  let told: { verdict?: string; pixels?: number };
  try {
    told = JSON.parse(answer.body);
  } catch {
    return 'lost';
  }
  if (told.pixels !== undefined) return told.pixels > 0 ? 'none' : 'lost';
  return VERDICTS.find((verdict) => verdict === told.verdict) ?? 'lost';
}

const VERDICTS: readonly Expected[] = ['none', 'review', 'match', 'unhashable'];

/** What a way should say: bare decoding knows of no list. */
export const expectedOf = ({ profile }: Pick<Way, 'profile'>, expected: Expected): Expected =>
  profile === undefined && expected !== 'unhashable' ? 'none' : expected;

/** @throws {Error} if a way did not answer an upload of this kind as it should */
export function checkAnswer(
  way: Way,
  kind: string,
  { expected }: Upload,
  answer: Answer | Error,
): void {
  const [outcome, wanted] = [outcomeOf(answer), expectedOf(way, expected)];
  if (outcome === wanted) return;
  const said =
    answer instanceof Error ? answer.message : `${answer.status} ${answer.body.slice(0, 80)}`;
  throw new Error(`${way.name}, ${kind}: ${outcome} (${said}), expected ${wanted}`);
}
