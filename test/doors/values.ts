import { afterAll } from 'vitest';
import type { OptionTable } from '../../src/door.js';
import {
  callback,
  flag,
  list,
  member,
  members,
  number,
  optional,
  or,
  record,
  signal,
  text,
  whole,
  words,
} from './argument.js';
import { entryOf } from './exam.js';
import { type Goods, rowOf, type TableArgument } from './table.js';

/** Values that are valid in the calls of several entries, and the arguments made of them. */

export const HEX = 'ab'.repeat(32);
export const HASH = { algorithm: 'pdq', bytes: Uint8Array.from({ length: 32 }, (_, i) => 37 * i) };
const FAR = { algorithm: 'pdq', bytes: HASH.bytes.map((byte) => ~byte) };
export const hash = members(HASH, { algorithm: member('pdq'), bytes: member(HASH.bytes) });
export const hashes = list(hash);
const PIXELS = { data: new Uint8Array(80 * 70 * 3).fill(9), width: 80, height: 70, channels: 3 };
export const pixels = members(PIXELS, {
  data: member(PIXELS.data),
  width: whole,
  height: whole,
  channels: optional(member(3)),
});
export const resample = member('none');
export const ENTRY = {
  hash: HASH,
  labels: ['label'],
  quality: 80,
  source: 'here',
  id: '7',
  resample: 512,
};
export const quality = optional(member(80));
const OPINION = { from: 'one', says: 'Blocked', tags: ['a'] };
const opinions = optional(
  list(members(OPINION, { from: text, says: text, tags: optional(words) })),
);
export const provenance = {
  list: optional(text),
  caseCount: optional(whole),
  opinions,
  confirmed: flag,
};
export const entry = members(ENTRY, {
  ...provenance,
  hash,
  labels: words,
  quality,
  source: optional(text),
  id: optional(text),
  resample: optional(resample),
});
export const entries = list(entry);
export const VARIANT = { name: 'stored', hash: HASH, quality: 80 };
export const ranks = optional(member(Uint8Array.from({ length: 256 }, (_, i) => i)));
export const variant = members(VARIANT, { name: text, hash, quality: or(quality, '7.5'), ranks });
export const IMAGE = { hash: HASH, quality: 80, resample: 512, variants: [VARIANT] };
export const anyQuality = or(quality, '7.5');
export const image = members(IMAGE, { hash, quality: anyQuality, variants: list(variant) }, '[]');

export const core = (await entryOf('index')) as typeof import('../../src/index.js');
export const node = (await entryOf('node')) as typeof import('../../src/node/index.js');
export const fetchOptions = {
  origin: text,
  fromStart: flag,
  onProgress: callback,
  onProblem: callback,
  signal,
};

/** A client of an empty list. */
export const emptyClient = {
  async *fetchUpdates() {
    yield { updates: [], unknown: [], isDrained: true, isFromStart: true, checkpoint: 1 };
  },
  mustRestart: () => false,
};

export const INDEX = core.createIndex([HASH as never]);
export const DECISION = core.match(IMAGE as never, core.createBlocklist([ENTRY as never]));
export const policy = record(
  {
    matchDistance: optional(member(31)),
    reviewDistance: optional(member(60)),
    minQuality: optional(member(50, '7.5')),
    algorithms: record(
      { phash: optional(member({}, '{}', 'hostile')), pdq: optional(member(undefined)) },
      'undefined',
      '{}',
    ),
    matchDistances: optional(member(undefined)),
  },
  'undefined',
  '{}',
);
export const trust = optional(member('foreign'));
export const listSettings = record(
  {
    policy,
    tier: optional(member('review')),
    enabled: flag,
    trust,
    enables: optional(member(undefined)),
  },
  '{}',
);
const allowList = member(core.createAllowList());
const floodGuard = member(core.createFloodGuard());
export const MATCHER = { name: 'there', ask: async () => [] };
const REMOTE = core.createRemoteList(MATCHER, { sendsHashes: true });
const remotes = member([REMOTE], '[]');
export const hexText = member(HEX, 'text');
export const hashOfJSON = { algorithm: member('pdq'), hash: hexText };
export const EXCEPTION = { hash: HASH, entry: HASH, reason: 'a flag' };
export const exceptionOf = members(EXCEPTION, { hash, entry: optional(hash), reason: text });
const watchedJSON = record({
  flooded: list(record({ ...hashOfJSON, sinceSeconds: number })),
  watched: list(
    record({ ...hashOfJSON, uploads: list(record({ hash: hexText, seenSeconds: number })) }),
  ),
});

/** A hash that `IMAGE` does not have, so all of its variants are examined. */
export const aBlocklist = () => core.createBlocklist([{ ...ENTRY, hash: FAR } as never]);
export const LIST = core.createBlocklist([ENTRY as never]);
export const decider = member(LIST, 'function');
export const POOL = node.createHashPool({ workers: 1 });
afterAll(() => POOL.close());

/** Valid values of kinds that are a room's own, by the name of the function that checks them. */
const GOODS: Goods = {
  abortSignal: member(new AbortController().signal),
  address: member('/browser-worker.js', 'text'),
  algorithms: member(['pdq'], '[]'),
  allowList,
  bits: member(256),
  blocklist: member(LIST),
  byName: record({ a: listSettings }, '{}'),
  cidr: member('10.0.0.0/8'),
  creation: flag,
  follower: member(undefined),
  hashOfToken: member(HEX, 'text'),
  header: member('x-forwarded-for'),
  hosts: member(['*.example.org'], '[]', '[text]'),
  hostNames: words,
  key: member(new Uint8Array(32)),
  network: member('::1'),
  networks: member(['10.0.0.0/8'], '[]'),
  outcomes: member({ a: 'confirmed' }, '{}', 'hostile'),
  // Any name is one of a list.
  origin: member('https://uploads.example'),
  byList: member({ a: 'csam' }, '{}', '{ mark }', 'hostile'),
  digests: member(['md5'], '[]', '[null]', '[text]'),
  rsaPublicKey: member(undefined),
  ruleName: text,
  tokenHashes: member([HEX]),
  byAlgorithm: record(
    { phash: optional(member({}, '{}', 'hostile')), pdq: optional(member(undefined)) },
    '{}',
  ),
  bytesHeld: member(2 ** 30),
  checkResample: member('none'),
  enabled: member(true, 'true'),
  floodGuard,
  framesASecond: member('every', '7.5'),
  guardState: watchedJSON,
  hash,
  hashPool: member(POOL),
  listName: text,
  pixels,
  policy,
  remoteLists: remotes,
  sendsHashes: member(true, 'true'),
  unnamedAlgorithm: member('dhash'),
};

/** The row of options that have a table. */
export const by = (table: OptionTable<object>, given?: object, rows?: Goods): TableArgument =>
  rowOf(table, GOODS, { ...(given && { given }), ...(rows && { rows }) });
const WITHDRAWAL = { id: '7', source: 'here' };
export const withdrawalOf = members(WITHDRAWAL, {
  id: text,
  source: optional(text),
  list: optional(text),
});
export const distanceOf = member(31);
export const row = member(0);
