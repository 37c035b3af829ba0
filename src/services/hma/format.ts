/*
 * The JSON of a Hasher-Matcher-Actioner, version 1.1.
 */

import { type BlocklistEntry, groupOfFrames, MAX_SECONDS } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, hashFrom } from '../../hash.js';
import type { UnknownWord } from '../../policy.js';
import {
  isObject,
  type JsonObject,
  jsonObject,
  leftOut,
  own,
  parsedJson,
  problemsOf,
  type ReadUpdatesOptions,
  type ReportProblem,
  textOf,
  UnknownWords,
  wholeNumberOf,
} from '../../text/json.js';
import { type ListedSignal, type ListUpdate, type UpdateState, updateOf } from '../list-update.js';

/** A list of an HMA. */
export interface HmaBank {
  readonly name: string;
  /** the share of lookups that find it, 0…1: 0 if it is disabled */
  readonly enabledRatio: number;
}

/** Content of a bank under one id: a picture or video, by its hashes. */
export interface HmaContent {
  readonly id: string;
  readonly bank: HmaBank;
  /** 1 if enabled, 0 if disabled, else when it is enabled again, in seconds since 1970 */
  readonly disableUntil: number;
  /** by HMA's names: `pdq`, `video_md5` … */
  readonly signals: readonly ListedSignal[];
  /** the exchanges that it came from, each with its keys there */
  readonly exchanges: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly uri?: string;
  readonly note?: string;
}

/** A hit of a lookup. */
export interface HmaMatch {
  readonly bank?: string;
  readonly contentId: string;
  /** in bits; HMA writes it as text */
  readonly distance: number;
}

const MEMBERS = [
  ...['id', 'disable_until_ts', 'collab_metadata', 'original_media_uri', 'bank', 'signals'],
  ...['metadata', 'note'],
];
const ALGORITHMS = /* @__PURE__ */ new Map<string, Algorithm>([
  ['pdq', 'pdq'],
  ['video_md5', 'md5'],
]);

/** The signal of the frames of a video. */
const VPDQ = 'vpdq';

/**
 * Content, from the reply of `GET /c/bank/B/content/ID?include_signals=true`.
 * @throws {FormatError} `bad-reply` if it is not such a reply; without `onProblem` also
 *   `bad-record` or `bad-hash`
 */
export function hmaContent(
  reply: JsonObject,
  options: ReadUpdatesOptions,
): { content: HmaContent; unknown: UnknownWord[] } {
  const words = new UnknownWords();
  const report = problemsOf(options, 1);
  const id = textOf(reply, 'id');
  const bank = bankFrom(own(reply, 'bank'));
  if (!id || !bank) throw new FormatError('bad-reply', 'expected content with its id and bank');
  words.members(reply, MEMBERS);
  // 1 is enabled. An unreadable value must not disable a listed hash.
  const disableUntil = wholeNumberOf(reply, 'disable_until_ts');
  if (disableUntil === undefined) leftOut('disable_until_ts', report);
  const metadata = own(reply, 'metadata');
  const collab = own(reply, 'collab_metadata') ?? (isObject(metadata) && own(metadata, 'collab'));
  const uri = textOf(reply, 'original_media_uri');
  const note = textOf(reply, 'note');
  const content = {
    id,
    bank,
    disableUntil: disableUntil ?? 1,
    signals: signalsFrom(own(reply, 'signals'), words, report),
    exchanges: isObject(collab)
      ? Object.entries(collab).map(([name, keys]) => ({ name, keys: textsIn(keys) }))
      : [],
    ...(uri && { uri }),
    ...(note && { note }),
  };
  return { content, unknown: words.list() };
}

function textsIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.filter((one) => ['string', 'number'].includes(typeof one)).map(String);
}

function signalsFrom(signals: unknown, words: UnknownWords, report: ReportProblem): ListedSignal[] {
  if (!isObject(signals)) {
    if (signals !== undefined) leftOut('signals', report);
    return [];
  }
  return Object.keys(signals).flatMap((type): ListedSignal[] => {
    const value = textOf(signals, type);
    words.word('signals', type, [...ALGORITHMS.keys(), VPDQ]);
    // A picture of low quality has an empty hash.
    if (value === '') return [];
    if (value === undefined) {
      leftOut('each signal', report);
      return [];
    }
    const algorithm = ALGORITHMS.get(type);
    if (algorithm && !hashFrom(algorithm, value)) {
      report('bad-hash', `expected the hex digits of a hash of ${algorithm}: the record is kept`);
    }
    if (type === VPDQ && !framesOf(value)) {
      report('bad-hash', 'expected a list of frames "hash,quality,seconds": the record is kept');
    }
    return [{ type, value: algorithm ? value.toLowerCase() : value }];
  });
}

function bankFrom(value: unknown): HmaBank | undefined {
  const name = isObject(value) ? textOf(value, 'name') : undefined;
  if (!name) return undefined;
  const ratio = own(value as JsonObject, 'matching_enabled_ratio');
  return { name, enabledRatio: typeof ratio === 'number' && ratio >= 0 ? ratio : 1 };
}

/**
 * The newest id of content in the reply of `GET /c/bank/B`, which an onlyhashes reports, but an HMA
 * does not.
 * @throws {FormatError} `bad-reply` if it is not such a reply
 */
export function hmaBank(text: string): { newestId: number | undefined } {
  const reply = jsonObject(text);
  if (!bankFrom(reply)) throw new FormatError('bad-reply', 'expected a bank');
  return { newestId: wholeNumberOf(reply, 'newest_content_id') };
}

/**
 * The number of PDQ hashes in all banks, from the reply of `GET /c/signal_type/index`; undefined if
 * it is missing.
 * @throws {FormatError} `bad-reply` if it is not an object
 */
export function hmaHashCount(text: string): number | undefined {
  const pdq = own(jsonObject(text), 'pdq');
  return isObject(pdq) ? wholeNumberOf(pdq, 'db_size') : undefined;
}

/**
 * Content as an update of a list. It is `withdrawn` while it or its bank is disabled.
 * @param nowSeconds current time, for content that is disabled until a time
 */
export function updateOfHmaContent(content: HmaContent, nowSeconds: number): ListUpdate {
  const { id, bank, disableUntil, signals, exchanges } = content;
  const isOn = disableUntil === 1 || (disableUntil > 1 && disableUntil <= nowSeconds);
  const state: UpdateState = isOn && bank.enabledRatio > 0 ? 'active' : 'withdrawn';
  const hashes = signals.flatMap(({ type, value }) => {
    const algorithm = ALGORITHMS.get(type);
    const hash = algorithm && hashFrom(algorithm, value);
    return hash ? [hash] : [];
  });
  const labels = [bank.name, ...exchanges.map(({ name }) => name)];
  const source = `HMA/${bank.name}`;
  const update = updateOf({ key: id, source, state, signals }, hashes, labels);
  const frames = framesOf(signals.find(({ type }) => type === VPDQ)?.value ?? '[]') ?? [];
  const group = groupOfFrames(frames.map(({ hash }) => hash));
  const ofFrames = frames.map((frame) => ({ ...frame, labels, source, id, group }));
  return { ...update, entries: [...update.entries, ...ofFrames] };
}

/**
 * The frames of a video in its `vpdq` signal, without their group; undefined if one is malformed.
 * Times may have an exponent.
 */
function framesOf(value: string): Omit<BlocklistEntry, 'labels'>[] | undefined {
  const frames: Omit<BlocklistEntry, 'labels'>[] = [];
  const rows = parsedJson(value);
  for (const row of Array.isArray(rows) ? rows : [undefined]) {
    const [, hex, quality, time] =
      /^(\w{64}),(\d{1,3}),(\d[\d.e+-]{0,39})$/.exec(String(row)) ?? [];
    const hash = hashFrom('pdq', hex);
    const seconds = Number(time);
    if (!hash || Number(quality) > 100 || !(seconds >= 0 && seconds <= MAX_SECONDS))
      return undefined;
    const said = { quality: Number(quality), resample: 'none', variant: 'frame', seconds } as const;
    frames.push({ hash, ...said });
  }
  return frames;
}

/**
 * The hits in a reply of `GET /m/lookup` with a hash: lists under the names of banks. Anything else
 * is rejected, since a member of an error would be read as a bank.
 * @throws {FormatError} `bad-reply`
 */
export function hmaLookup(text: string): HmaMatch[] {
  return Object.entries(jsonObject(text)).flatMap(([bank, hits]) =>
    matchesIn(hits).map((hit) => ({ bank, ...hit })),
  );
}

function matchesIn(hits: unknown): HmaMatch[] {
  if (!Array.isArray(hits)) throw new FormatError('bad-reply', 'expected lists of hits');
  return (hits as readonly unknown[]).map((hit) => {
    const contentId = isObject(hit) ? textOf(hit, 'bank_content_id') : undefined;
    const distance = isObject(hit) ? wholeNumberOf(hit, 'distance') : undefined;
    if (!contentId || distance === undefined || distance > 256) {
      throw new FormatError('bad-reply', 'expected hits with their content and distance');
    }
    return { contentId, distance };
  });
}
