import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { BLOCKLIST_OPTIONS } from '../src/blocklist/blocklist.js';
import { READBACK_OPTIONS } from '../src/browser/decode/check-pixel-readback.js';
import { DECODE_OPTIONS as BROWSER_DECODE_OPTIONS } from '../src/browser/decode-image-file.js';
import { HASH_FILE_OPTIONS as BROWSER_HASH_OPTIONS } from '../src/browser/hash-image-file.js';
import type { Option, OptionTable } from '../src/door.js';
import { BITS_OPTIONS } from '../src/hashing/grid.js';
import { PDQ_OPTIONS } from '../src/hashing/pdq.js';
import { ALLOW_LIST_OPTIONS, ALLOW_OPTIONS, DISALLOW_OPTIONS } from '../src/matching/allow-list.js';
import { FLOOD_GUARD_OPTIONS } from '../src/matching/flood-guard.js';
import { MATCH_OPTIONS } from '../src/matching/match.js';
import { REMOTE_LIST_OPTIONS } from '../src/matching/remote-list.js';
import { DECODE_OPTIONS } from '../src/node/decode/decode.js';
import { FETCH_LIST_OPTIONS } from '../src/node/files/fetch-list.js';
import { OPEN_OPTIONS } from '../src/node/files/index-file.js';
import { OPEN_LIST_OPTIONS } from '../src/node/files/open-blocklist.js';
import { SAVE_OPTIONS } from '../src/node/files/save-index.js';
import { SEARCH_THREADS_OPTIONS } from '../src/node/files/search-threads.js';
import { HASH_FILE_OPTIONS } from '../src/node/hash-file.js';
import { HASH_FILES_OPTIONS } from '../src/node/hash-files.js';
import {
  CHECK_OPTIONS,
  CHECK_UPLOAD_OPTIONS,
  POOL_OPTIONS,
} from '../src/node/pool/create-hash-pool.js';
import { READ_OPTIONS } from '../src/node/read-bytes.js';
import { POLICY_OPTIONS } from '../src/policy.js';
import { CLAMD_OPTIONS } from '../src/server/clamd/clamd.js';
import { HMA_ROUTE_OPTIONS } from '../src/server/hma/routes.js';
import { END_SERVERS_OPTIONS } from '../src/server/http/end-servers.js';
import { SERVICE_OPTIONS } from '../src/server/service.js';
import { REQUEST_SCAN_OPTIONS } from '../src/server/uploads/scan.js';
import { SCAN_OPTIONS } from '../src/server/uploads/scanner.js';
import { writeHmaContent } from '../src/services/hma/fake.js';
import { writeNcmecEntries } from '../src/services/ncmec/fake.js';
import type { Fakes } from '../src/services/start-fake.js';
import { writeStopNciiPage } from '../src/services/stop-ncii/fake.js';
import type { Store as StoreClass } from '../src/store/store.js';
import { READ_LIST_OPTIONS } from '../src/text/hash-list.js';
import { WRITE_VPDQ_OPTIONS } from '../src/text/vpdq.js';
import { WRITE_LIST_OPTIONS } from '../src/text/write-hash-list.js';
import { VARIANT_OPTIONS } from '../src/variants/variant-profile.js';
import {
  type Argument,
  callback,
  flag,
  fromOutside,
  list,
  MARK,
  MISTAKES,
  type Mistake,
  member,
  members,
  number,
  optional,
  options,
  or,
  problemsOf,
  record,
  signal,
  strict,
  text,
  whole,
  words,
} from './doors/argument.js';
import { type Goods, gridOf, rowOf, rowsOf, type TableArgument } from './doors/table.js';
import { testFolder } from './folder.js';
import { ROOT } from './project/package.js';

/** The arguments of a call. */
type Door = readonly Argument[];

/** An object that is returned, and its methods. */
interface Methods {
  readonly of: () => object | Promise<object>;
  readonly doors: Readonly<Record<string, Door>>;
}

const HEX = 'ab'.repeat(32);
const HASH = { algorithm: 'pdq', bytes: Uint8Array.from({ length: 32 }, (_, i) => 37 * i) };
const FAR = { algorithm: 'pdq', bytes: HASH.bytes.map((byte) => ~byte) };
const hash = members(HASH, { algorithm: member('pdq'), bytes: member(HASH.bytes) });
const hashes = list(hash);
const packed = record({ algorithm: member('pdq'), bits: member(256), bytes: member(HASH.bytes) });
const PIXELS = { data: new Uint8Array(80 * 70 * 3).fill(9), width: 80, height: 70, channels: 3 };
const pixels = members(PIXELS, {
  data: member(PIXELS.data),
  width: whole,
  height: whole,
  channels: optional(member(3)),
});
const resample = member('none');
const ENTRY = {
  hash: HASH,
  labels: ['label'],
  quality: 80,
  source: 'here',
  id: '7',
  resample: 512,
};
const quality = optional(member(80));
const OPINION = { from: 'one', says: 'Blocked', tags: ['a'] };
const opinions = optional(
  list(members(OPINION, { from: text, says: text, tags: optional(words) })),
);
const provenance = { list: optional(text), caseCount: optional(whole), opinions, confirmed: flag };
const entry = members(ENTRY, {
  ...provenance,
  hash,
  labels: words,
  quality,
  source: optional(text),
  id: optional(text),
  resample: optional(resample),
});
const entries = list(entry);
const VARIANT = { name: 'stored', hash: HASH, quality: 80 };
const ranks = optional(member(Uint8Array.from({ length: 256 }, (_, i) => i)));
const variant = members(VARIANT, { name: text, hash, quality: or(quality, '7.5'), ranks });
const IMAGE = { hash: HASH, quality: 80, resample: 512, variants: [VARIANT] };
const anyQuality = or(quality, '7.5');
const image = members(IMAGE, { hash, quality: anyQuality, variants: list(variant) }, '[]');

const RECORD = {
  id: 'a',
  time: '2026-11-26T10:00:00.000Z',
  hash: { algorithm: 'pdq', hash: HEX },
  entry: { algorithm: 'pdq', hash: HEX, id: '7', source: 'here' },
  distance: 12,
  variant: 'original',
  list: 'a list',
  generation: 7,
  policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
  verdict: 'match',
  reason: 'within-match-distance',
  outcome: 'confirmed',
  role: 'moderator',
};
const thresholds = record({ matchDistance: whole, reviewDistance: whole, minQuality: number });
/** Of a record: `undefined` is refused where another member needs it. */
const recordMembers = {
  id: optional(text),
  hash: optional(members(RECORD.hash, { algorithm: member('pdq'), hash: member(HEX, 'text') })),
  entry: members(RECORD.entry, {
    algorithm: member('pdq'),
    hash: member(HEX, 'text'),
    id: optional(text),
    source: optional(text),
  }),
  distance: whole,
  variant: optional(text),
  list: optional(text),
  generation: optional(whole),
  policy: thresholds,
  verdict: member('review'),
  // A word, which `text` is too: it is told apart from an address, not from a name.
  reason: member('word'),
  outcome: member('rejected'),
  role: member('moderator'),
};
const reviewRecord = members(RECORD, recordMembers);
const records = list(reviewRecord);
const reviewQuery = members(
  { id: 'a' },
  {
    id: optional(text),
    list: optional(text),
    from: optional(member('2026-11-26')),
    before: optional(member('2026-11-26')),
    entry: optional(record({ id: text, source: optional(text) })),
  },
  'undefined',
  '{}',
);
const erased = { ...reviewQuery, fits: [] };
/** Of facts, which have nothing that a log or a reviewer adds. */
const OF_REVIEWS = ['id', 'time', 'outcome', 'role'];
const factual = <T>(object: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !OF_REVIEWS.includes(name)));
const FACTS = factual<unknown>(RECORD);
const factsMembers = factual<Argument>(recordMembers);
const QUEUED_DECISION = {
  verdict: 'none',
  reason: 'nothing-near',
  matches: [],
  policy: RECORD.policy,
};
const retention = record({
  retentionDays: whole,
  withoutMatchData: optional(words),
  keepShieldData: flag,
  now: optional(member(() => 0)),
});
const QUEUED = { id: 'a', to: 'service', entry: 'an entry', body: { a: 1 } };
const SENDER = { send: async () => 'done', settle: async () => 'done' };
const reviewed = { to: text, maxRejectedDistance: whole };
const FEEDBACK_CLIENT = { submitFeedback() {}, findFeedback() {}, sendFeedback() {} };
const senders = record(
  {
    service: members(SENDER, {
      send: member(SENDER.send, 'function'),
      settle: member(SENDER.settle, 'function'),
      idempotent: flag,
    }),
  },
  '{}',
  'hostile',
);

const core = (await entryOf('index')) as typeof import('../src/index.js');
const node = (await entryOf('node')) as typeof import('../src/node/index.js');
const services = (await entryOf('services')) as typeof import('../src/services/index.js');
const server = (await entryOf('server')) as typeof import('../src/server/index.js');
const testing = (await entryOf('testing')) as typeof import('../src/services/testing.js');

const CLOCK = { now: () => 0, wait: async () => {} };
const serviceOptions = {
  baseUrl: member('https://example.org'),
  plainHttp: flag,
  fetch: callback,
  timeoutSeconds: member(5, '7.5'),
  tries: whole,
  maxBytes: whole,
  clock: optional(
    members(CLOCK, { now: member(CLOCK.now, 'function'), wait: member(CLOCK.wait, 'function') }),
  ),
};
/** Where the address is one of the options, and must be there. */
const addressed: Record<string, Argument> = {
  ...Object.fromEntries(Object.entries(serviceOptions).map(([key, one]) => [key, optional(one)])),
  baseUrl: serviceOptions.baseUrl,
};
/** Text of a service, of which any may come. */
const reply = (good: string): Argument => fromOutside(good, 'text', '[]', '[text]');
const stopNciiKeys = {
  subscriptionKey: 'a',
  fetchHashesKey: 'b',
  submitFeedbackKey: 'c',
};
const STOP_NCII_RECORD = {
  signalType: 'ImagePDQ',
  hashValue: HEX,
  hashStatus: 'Active',
  lastModtimestamp: 7,
  caseNumbers: [{ id: 'a', status: 'Active' }],
  feedbacks: [{ source: 'a', feedbackValue: 'Blocked', tags: ['a'] }],
};
const feedbacks = list(record({ hashValue: text, feedbackValue: text, tags: words }));
const STOP_NCII_PAGE = writeStopNciiPage({
  records: [STOP_NCII_RECORD],
  nextSetTimestamp: 1,
  hasMoreRecords: false,
});
const FRAME = { frameNumber: 0, hash: HASH, quality: 80, seconds: 1.5 };
const vpdqFrame = members(FRAME, {
  frameNumber: optional(whole),
  hash,
  quality: member(80),
  seconds: member(1.5, '7.5'),
});
const frames = members([FRAME], { 0: vpdqFrame });
const login = record({ username: text, password: text });
const credentials = record({ user: text, password: text });
const NCMEC_ENTRY = {
  kind: 'image',
  isDeleted: false,
  memberId: '1',
  memberName: 'a',
  id: 'a',
  timestamp: '2026-01-01T00:00:00Z',
  classification: 'A1',
  fingerprints: [{ type: 'pdq', value: HEX, isLink: false }],
  votes: [{ isAffirmative: false, type: 'Pdq', memberId: '1', reason: 'a', reasonId: 'b' }],
};
const NCMEC_PAGE = writeNcmecEntries([NCMEC_ENTRY]);
const ncmecVote = { says: member('negative'), reasonIds: member(['a'], '[text]') };
const HMA_CONTENT = {
  id: '1',
  bank: { name: 'A', enabledRatio: 1 },
  disableUntil: 1,
  signals: [{ type: 'pdq', value: HEX }],
  exchanges: [{ name: 'a', keys: ['b'] }],
};
const HMA_REPLY = writeHmaContent(HMA_CONTENT);
/** A client whose service answers this text to everything. */
const answering = (body: string) => ({
  fetch: (async () => new Response(body)) as never,
  clock: CLOCK,
});
const fetchOptions = {
  origin: text,
  fromStart: flag,
  onProgress: callback,
  onProblem: callback,
  signal,
};
/** A client of an empty list. */
const emptyClient = {
  async *fetchUpdates() {
    yield { updates: [], unknown: [], isDrained: true, isFromStart: true, checkpoint: 1 };
  },
  mustRestart: () => false,
};
/** A client whose service answers by what is in the address; anything else is not found. */
const answeringBy = (bodies: Record<string, string>) => ({
  fetch: (async (url: string) => {
    const found = Object.entries(bodies).find(([part]) => url.includes(part));
    return new Response(found?.[1] ?? '{}', { status: found ? 200 : 404 });
  }) as never,
  clock: CLOCK,
});
const NCMEC_REPLIES = {
  '/reasons': '<availableFeedbackReasons/>',
  '/entries': NCMEC_PAGE,
};
const HMA_REPLIES = {
  '/content/1?': HMA_REPLY,
  '/c/bank/A': '{"name":"A","newest_content_id":1}',
  '/m/lookup': '{}',
};
const fetching = (checkpoint: Argument): Argument =>
  options({ onProblem: callback, signal, checkpoint });

const INDEX = core.createIndex([HASH as never]);
const snapshot = INDEX.toBuffer();
const { bundle, withdrawToken } = await core.createBundle([IMAGE as never]);
const withdrawal = await core.createWithdrawal(bundle, withdrawToken);
const age = await import('age-encryption');
const identity = await age.generateIdentity();
const recipient = await age.identityToRecipient(identity);
const DECISION = core.match(IMAGE as never, core.createBlocklist([ENTRY as never]));
const folder = testFolder();
const indexPath = join(folder, 'list.ohx');
await node.saveIndex(indexPath, INDEX, { entries: { entryAt: () => ({ labels: [], id: '7' }) } });
const listPath = join(folder, 'list.ohl');
await node.openBlocklist(listPath, { create: core.createBlocklist([ENTRY as never]) });
const picturePath = join(ROOT, 'fixtures/images/rgb.png');
const picture = readFileSync(picturePath);

const indexBytes = fromOutside(snapshot, 'bytes', 'floats');
const bundleArgument = members(bundle, {
  case: member(bundle.case),
  withdraw: member(bundle.withdraw, 'text'),
});
const wholeBundle = members(bundle, {
  format: member(bundle.format),
  version: member(1),
  case: member(bundle.case),
  day: member(bundle.day),
  withdraw: member(bundle.withdraw, 'text'),
  hashes: member(bundle.hashes),
  digests: optional(member([{ algorithm: 'md5', digest: '0'.repeat(32) }])),
  unknown: optional(member([], '[]')),
  padding: member(bundle.padding),
});
const policy = record(
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
const trust = optional(member('foreign'));
const listSettings = record(
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
const MATCHER = { name: 'there', ask: async () => [] };
const REMOTE = core.createRemoteList(MATCHER, { sendsHashes: true });
const remotes = member([REMOTE], '[]');
const REMOTE_MATCH = { list: 'there', trust: 'own', tier: 'match', labels: ['label'], hash: HASH };
const remoteMatch = {
  list: text,
  trust: member('foreign'),
  tier: member('review'),
  labels: words,
  source: optional(text),
  id: optional(text),
  distance: optional(member(3)),
  confirmed: flag,
  allowed: optional(text),
};
const unanswered = optional(member(['there'], '[]', '[text]'));
const TIMINGS = { reading: 1, waiting: 2, decoding: 3, hashing: 4, search: 5 };
const decision = members(DECISION, {
  verdict: text,
  reason: text,
  matches: list(members(DECISION.matches[0]!, { entry, variant, trust })),
  policy,
  upload: optional(
    record({
      hash,
      width: whole,
      height: whole,
      quality: anyQuality,
      resample: optional(resample),
      format: optional(text),
      decoding: optional(member('draft')),
    }),
  ),
  timings: optional(
    members(TIMINGS, Object.fromEntries(Object.keys(TIMINGS).map((stage) => [stage, number]))),
  ),
  generation: optional(whole),
  allowed: optional(
    list(members(DECISION.matches[0]!, { entry, variant, allowed: optional(text) })),
  ),
  remoteMatches: optional(list(members(REMOTE_MATCH, { ...remoteMatch, hash: optional(hash) }))),
  unanswered,
  omitted: optional(member(3)),
});
const hexText = member(HEX, 'text');
const MATCH_JSON = core.decisionToJSON(DECISION).matches[0]!;
const decisionJSON = members(core.decisionToJSON(DECISION), {
  verdict: member('none'),
  reason: text,
  matches: list(
    members(MATCH_JSON, {
      distance: whole,
      tier: member('review'),
      variant: text,
      hash: hexText,
      labels: words,
      algorithm: member('pdq'),
      id: optional(text),
      source: optional(text),
      quality,
      resample: optional(resample),
      entryVariant: optional(text),
      trust,
      ...provenance,
      variantHash: hexText,
      variantQuality: anyQuality,
      variantResample: optional(resample),
    }),
  ),
  policy: thresholds,
  generation: optional(whole),
  allowed: optional(member([MATCH_JSON], '[]')),
  remoteMatches: optional(
    list(
      members(
        { ...REMOTE_MATCH, algorithm: 'pdq', hash: HEX },
        { ...remoteMatch, algorithm: member('pdq'), hash: optional(hexText) },
      ),
    ),
  ),
  unanswered,
});
const hashOfJSON = { algorithm: member('pdq'), hash: hexText };
const hashJSON = record(hashOfJSON);
const EXCEPTION = { hash: HASH, entry: HASH, reason: 'a flag' };
const exceptionOf = members(EXCEPTION, { hash, entry: optional(hash), reason: text });
const watchedJSON = record({
  flooded: list(record({ ...hashOfJSON, sinceSeconds: number })),
  watched: list(
    record({ ...hashOfJSON, uploads: list(record({ hash: hexText, seenSeconds: number })) }),
  ),
});
const source = fromOutside(picture, 'text', 'bytes');
const path = (good: string): Argument => fromOutside(good, 'text');
const paths = {
  ...member([picturePath], '[]', '[null]', '[text]', '[{}]', 'map', 'floats'),
  world: true,
};
const blob = member(new Blob(['x']));
const files = {
  ...member([new Blob(['x'])], '[]', '[null]', '[text]', '[{}]', 'map', 'floats'),
  world: true,
};

/** A hash that `IMAGE` does not have, so all of its variants are examined. */
const aBlocklist = () => core.createBlocklist([{ ...ENTRY, hash: FAR } as never]);
const LIST = core.createBlocklist([ENTRY as never]);
const decider = member(LIST, 'function');
const POOL = node.createHashPool({ workers: 1 });
afterAll(() => POOL.close());
const SERVICE = { blocklist: LIST, pool: POOL };
const TOKEN = { name: 'a', hash: HEX, role: 'match' };

let opened: Promise<StoreClass> | undefined;
/** One store for all, which takes long to open. It is closed at the end alone. */
async function aStore(): Promise<StoreClass> {
  opened ??= server
    .openStore({ dataDir: undefined })
    .then((one) => Object.assign(one, { close: async () => {} }));
  return await opened;
}
afterAll(async () => {
  const one = await opened;
  if (one) await (Object.getPrototypeOf(one) as StoreClass).close.call(one);
});

/** Valid values of kinds that are a room's own, by the name of the function that checks them. */
const GOODS: Goods = {
  abortSignal: member(new AbortController().signal),
  address: member('/browser-worker.js', 'text'),
  algorithms: member(['pdq'], '[]'),
  allowList,
  bits: member(256),
  blocklist: member(LIST),
  byName: record({ a: listSettings }, '{}'),
  creation: flag,
  follower: member(undefined),
  hashOfToken: member(HEX, 'text'),
  hosts: member(['*.example.org'], '[]', '[text]'),
  hostNames: words,
  network: member('::1'),
  networks: member(['10.0.0.0/8'], '[]'),
  outcomes: member({ a: 'confirmed' }, '{}', 'hostile'),
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
const by = (table: OptionTable<object>, given?: object, rows?: Goods): TableArgument =>
  rowOf(table, GOODS, { ...(given && { given }), ...(rows && { rows }) });

/** The rows of each entry. An export without a row fails. */
const DOORS: Record<string, Record<string, Door | 'constant' | 'class of errors'>> = {
  index: {
    ALGORITHMS: 'constant',
    DecodeError: 'class of errors',
    FormatError: 'class of errors',
    ahash: [pixels, by(BITS_OPTIONS)],
    blockhash: [pixels, by(BITS_OPTIONS)],
    dhash: [pixels, by(BITS_OPTIONS)],
    phash: [pixels, by(BITS_OPTIONS)],
    pdq: [pixels, by(PDQ_OPTIONS)],
    pdqDihedral: [pixels, by(PDQ_OPTIONS)],
    distance: [hash, hash],
    hashFromHex: [member('pdq'), { good: HEX, fits: ['text'] }],
    hashFromJSON: [hashJSON],
    hashToHex: [hash],
    hashToJSON: [hash, options({ resample, decoding: member('draft') })],
    hashPixels: [pixels, by(VARIANT_OPTIONS)],
    variantsOf: [pixels, by(VARIANT_OPTIONS)],
    createIndex: [
      hashes,
      options({
        algorithm: member('pdq'),
        bits: member(256),
        maxDistance: member(31),
      }),
    ],
    indexFromBuffer: [indexBytes, options({ verify: flag })],
    PackedEntries: [member('pdq'), optional(member(256)), options({ capacity: member(5) })],
    createBlocklist: [entries, by(BLOCKLIST_OPTIONS)],
    match: [image, member(aBlocklist()), by(MATCH_OPTIONS)],
    DECISION_SCHEMA: 'constant',
    createAllowList: [by(ALLOW_LIST_OPTIONS, {}, { exceptions: list(exceptionOf) })],
    createFloodGuard: [by(FLOOD_GUARD_OPTIONS)],
    createRemoteList: [
      members(MATCHER, { name: text, ask: member(MATCHER.ask, 'function') }),
      by(REMOTE_LIST_OPTIONS),
    ],
    decisionToJSON: [decision, optional(text)],
    decisionFromJSON: [decisionJSON],
    reviewSummary: [records],
    explain: [decision],
    reviewFactsOf: [decision, optional(hash)],
    policyFor: [member('pdq'), member(256), by(POLICY_OPTIONS)],
    createBundle: [
      members([IMAGE], {
        0: members(IMAGE, {
          hash,
          quality,
          resample: optional(resample),
          variants: list(members(VARIANT, { name: member('window1x1'), hash, quality })),
        }),
      }),
      options({
        day: member('2026-11-25'),
        digests: member([{ algorithm: 'md5', digest: '0'.repeat(32) }], '[]'),
      }),
    ],
    createWithdrawal: [bundleArgument, member(withdrawToken)],
    entriesOfBundle: [wholeBundle],
    readBundle: [
      fromOutside(bundle.text, 'text', 'bytes'),
      options({ maxBytes: member(1e6, '7.5'), padded: flag }),
    ],
    readWithdrawal: [
      fromOutside(JSON.stringify(withdrawal), 'text', 'bytes'),
      record({
        bundleOf: member(() => bundle, 'function'),
        maxBytes: optional(member(1e6, '7.5')),
      }),
    ],
    sealBundle: [wholeBundle, member(recipient)],
    readVpdq: [reply(core.writeVpdq([FRAME as never])), options({ onProblem: callback })],
    writeVpdq: [frames, by(WRITE_VPDQ_OPTIONS)],
    writeCell: [or(text, '[]', '[text]')],
    readHashList: [reply(`${HEX}\n`), by(READ_LIST_OPTIONS)],
    writeHashList: [entries, by(WRITE_LIST_OPTIONS)],
  },
  services: {
    ServiceError: 'class of errors',
    NcmecClient: [
      credentials,
      options({ ...serviceOptions, environment: member('npo'), maxEntriesPerRange: whole }),
    ],
    ThreatExchangeClient: [
      record({ accessToken: text }),
      member('1'),
      options({ ...serviceOptions, pageSize: whole, types: member(['A'], '[]', '[text]') }),
    ],
    HmaClient: [
      record({
        ...addressed,
        token: optional(text),
        bank: optional(member('A')),
        maxMissing: optional(whole),
      }),
    ],
    OnlyhashesClient: [record({ ...addressed, token: optional(text) })],
    ShieldClient: [credentials, options({ ...serviceOptions, maxHashes: whole })],
    StopNciiClient: [
      members(stopNciiKeys, {
        subscriptionKey: text,
        fetchHashesKey: optional(text),
        submitFeedbackKey: optional(text),
      }),
      options({ ...serviceOptions, pageSize: whole }),
    ],
    TechAgainstTerrorismClient: [login, options(serviceOptions)],
  },
  testing: {
    startFake: [member('shield', 'function'), strict({ user: text })],
  },
  node: {
    matchReport: [
      list(
        record({
          decision,
          width: member(8, '7.5'),
          height: member(6, '7.5'),
          file: optional(text),
          bytes: optional(member(picture, 'bytes')),
        }),
      ),
      by(DECODE_OPTIONS),
    ],
    check: [source, decider, by(CHECK_UPLOAD_OPTIONS)],
    createHashPool: [by(POOL_OPTIONS)],
    createSearchThreads: [member(LIST), by(SEARCH_THREADS_OPTIONS)],
    decode: [fromOutside(picture, 'bytes'), by(DECODE_OPTIONS)],
    decoders: [],
    fileKindOf: [fromOutside(indexPath, 'text')],
    hash: [source, by(HASH_FILE_OPTIONS)],
    hashAll: [paths, by(HASH_FILES_OPTIONS)],
    openIndex: [fromOutside(indexPath, 'text', 'bytes'), by(OPEN_OPTIONS)],
    openBlocklist: [path(listPath), by(OPEN_LIST_OPTIONS)],
    readBytes: [source, by(READ_OPTIONS)],
    fetchList: [
      member(core.createBlocklist([])),
      text,
      member(emptyClient),
      by(FETCH_LIST_OPTIONS),
    ],
    saveIndex: [path(join(folder, 'saved.ohx')), member(INDEX), by(SAVE_OPTIONS)],
    setWorkerScripts: [optional(member(join(ROOT, 'dist'), 'text'))],
  },
  server: {
    NODE_LIMITS: 'constant',
    UploadRefused: 'class of errors',
    createService: [
      by(
        SERVICE_OPTIONS,
        { blocklist: LIST, pool: POOL },
        { blocklist: member(LIST, 'promise'), hma: by(HMA_ROUTE_OPTIONS) },
      ),
    ],
    tokenHash: [member('a-token-of-many-characters', 'text')],
    createClamdListener: [by(CLAMD_OPTIONS, { blocklist: LIST }), callback],
    createNodeListener: [member(() => new Response(), 'function'), callback],
    endServers: [member([], '[]'), by(END_SERVERS_OPTIONS)],
    createUploadScanner: [by(SCAN_OPTIONS, { blocklist: LIST })],
    scan: [by(REQUEST_SCAN_OPTIONS, { blocklist: LIST })],
    StoreError: 'class of errors',
    openStore: [
      members({ dataDir: undefined }, { dataDir: optional(text) }),
      strict({ schema: member('onlyhashes'), bands: flag }),
    ],
    stopNciiFeedback: [
      member(FEEDBACK_CLIENT),
      record({
        company: text,
        lookBackSeconds: optional(number),
        to: optional(text),
        maxRejectedDistance: optional(whole),
        tags: optional(words),
      }),
    ],
    ncmecFeedback: [
      member(FEEDBACK_CLIENT),
      options({ ...reviewed, environment: member('npo'), reasonIds: words }),
    ],
  },
  browser: {
    checkPixelReadback: [by(READBACK_OPTIONS)],
    decode: [blob, by(BROWSER_DECODE_OPTIONS)],
    endWorkers: [],
    hash: [blob, by(BROWSER_HASH_OPTIONS)],
    variantsOfImageFile: [blob, by(BROWSER_HASH_OPTIONS)],
    hashAll: [files, by(BROWSER_HASH_OPTIONS)],
  },
};

const packedEntries = () => {
  const rows = new core.PackedEntries('pdq', 256);
  rows.push(ENTRY as never);
  return rows;
};
const anIndex = () => core.createIndex([HASH as never]);
const { entries: noted } = await node.openIndex(indexPath);
const WITHDRAWAL = { id: '7', source: 'here' };
const withdrawalOf = members(WITHDRAWAL, {
  id: text,
  source: optional(text),
  list: optional(text),
});
const distanceOf = member(31);
const row = member(0);

const ncmecCheckpoint = record({ toSeconds: whole });
const hmaCheckpoint = record({ highestId: whole });
const stopNciiCheckpoint = record({ timestampSeconds: whole, fetchedSeconds: whole });
const terrorismCheckpoint = record({ after: member('1,1', 'text'), fetchedSeconds: number });
const fakeService = await testing.startFake(() => ({}));
afterAll(() => fakeService.close());
/** What has no JSON, or throws where it is written. */
const NO_JSON: readonly Mistake[] = ['undefined', 'bigint', 'symbol', 'function'];

const change = options({ idempotencyKey: text });
const date = member(new Date(0));
const following = options({
  allowList: options({ radius: member(2), onAllowed: callback }),
  pollSeconds: member(1, '7.5'),
  onChange: callback,
  onProblem: callback,
  signal,
});
/** Of our index and not of its interface: other rooms call them. */
const INTERNAL = ['frozenSteps', 'cut', 'noteAt', 'noteNumberAt'];

/** A fake without a row is an error of types. */
const FAKES = Object.keys({
  hma: 1,
  ncmec: 1,
  shield: 1,
  stopncii: 1,
  techagainstterrorism: 1,
  threatexchange: 1,
} satisfies Record<keyof Fakes, 1>) as (keyof Fakes)[];

/** The rows of the methods of the returned objects. A method without a row fails. */
const METHODS: Record<string, Methods> = {
  'startFake of': {
    of: () =>
      Object.fromEntries(
        FAKES.map((name) => [name, (given?: object) => testing.startFake(name, given)]),
      ),
    doors: {
      ncmec: [
        strict({
          user: text,
          password: text,
          maxPageSize: whole,
          reorderSeed: whole,
          now: callback,
        }),
      ],
      threatexchange: [
        strict({
          accessToken: text,
          privacyGroup: text,
          maxPageSize: whole,
          reorderSeed: whole,
          startSeconds: whole,
        }),
      ],
      hma: [strict({ token: text, maxDistance: whole, now: callback })],
      shield: [strict({ user: text, password: text, maxDistance: whole })],
      stopncii: [
        strict({
          maxPageSize: whole,
          reorderSeed: whole,
          company: text,
          keys: record({ subscriptionKey: text, functionKey: text }),
          startSeconds: whole,
        }),
      ],
      techagainstterrorism: [
        strict({
          pageSize: whole,
          reorderSeed: whole,
          pageCheckpoints: flag,
          login,
          startSeconds: whole,
        }),
      ],
    },
  },
  HammingIndex: {
    of: anIndex,
    doors: {
      search: [hash, distanceOf],
      searchNear: [hash, distanceOf, options({ ranks })],
      searchInto: [hash, distanceOf, member(new Uint32Array(9))],
      searchNearInto: [hash, distanceOf, member(new Uint32Array(9)), options({ ranks })],
      searchBatch: [hashes, distanceOf],
      add: [hash],
      remove: [hash],
      compact: [],
      explain: [distanceOf],
      toBuffer: [options({ generation: member(9), degenerate: member(9), shared: flag })],
    },
  },
  Blocklist: {
    of: aBlocklist,
    doors: {
      entries: [],
      sizeOf: [member('pdq'), member(256)],
      has: [withdrawalOf],
      rejectionReason: [entry],
      lists: [],
    },
  },
  AllowList: {
    of: () => core.createAllowList({ exceptions: [EXCEPTION as never] }),
    doors: {
      allow: [hash, by(ALLOW_OPTIONS)],
      disallow: [hash, by(DISALLOW_OPTIONS)],
      covering: [hash],
      toJSON: [],
    },
  },
  FloodGuard: {
    of: () => core.createFloodGuard(),
    doors: { count: [hash, hash], isFlooded: [hash], lift: [hash], toJSON: [] },
  },
  RemoteList: {
    of: () => core.createRemoteList(MATCHER, { sendsHashes: true }),
    doors: { ask: [hash, options({ signal })] },
  },
  NcmecClient: {
    of: () => new services.NcmecClient({ user: 'a', password: 'b' }, answeringBy(NCMEC_REPLIES)),
    doors: {
      mustRestart: [ncmecCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(ncmecCheckpoint)],
      feedbackReasons: [text, options({ signal })],
      sendFeedback: [
        record({ memberId: text, id: text, type: text }),
        members({ says: 'negative', reasonIds: ['a'] }, { ...ncmecVote, signal }),
      ],
    },
  },
  ThreatExchangeClient: {
    of: () =>
      new services.ThreatExchangeClient({ accessToken: 'a' }, '1', answering('{"data":[]}')),
    doors: {
      mustRestart: [stopNciiCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(stopNciiCheckpoint)],
    },
  },
  HmaClient: {
    of: () =>
      new services.HmaClient({
        baseUrl: 'https://example.org',
        bank: 'A',
        maxMissing: 1,
        ...answeringBy(HMA_REPLIES),
      }),
    doors: {
      mustRestart: [hmaCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(hmaCheckpoint)],
      lookup: [hash, options({ signal })],
      ask: [hashes, options({ signal })],
    },
  },
  OnlyhashesClient: {
    of: () =>
      new services.OnlyhashesClient({
        baseUrl: 'https://example.org',
        ...answering('{"answered":true,"decision":{"verdict":"none","matches":[]}}'),
      }),
    doors: { ask: [hashes, options({ signal })] },
  },
  ShieldClient: {
    of: () =>
      new services.ShieldClient({ user: 'a', password: 'b' }, answering('{"scanned_hashes":{}}')),
    doors: { scan: [hashes, options({ signal })], ask: [hashes, options({ signal })] },
  },
  StopNciiClient: {
    of: () => new services.StopNciiClient(stopNciiKeys, answering(STOP_NCII_PAGE)),
    doors: {
      mustRestart: [stopNciiCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(stopNciiCheckpoint)],
      submitFeedback: [feedbacks, options({ signal })],
      findFeedback: [feedbacks, record({ source: text, sinceSeconds: optional(whole), signal })],
    },
  },
  TechAgainstTerrorismClient: {
    of: () =>
      new services.TechAgainstTerrorismClient(
        { username: 'a', password: 'b' },
        answering('{"token":"a","next":null,"results":[]}'),
      ),
    doors: {
      mustRestart: [terrorismCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(terrorismCheckpoint)],
    },
  },
  FakeService: {
    of: () => fakeService,
    doors: {
      fail: [
        record({ kind: member('cut') }),
        options({ times: whole, skip: whole, when: callback }),
      ],
      heal: [],
      close: [],
    },
  },
  PackedEntries: {
    of: packedEntries,
    doors: {
      push: [entry],
      entryAt: [row],
      numberAt: [row],
      numberedAt: [row],
      factsAt: [row],
      hashAt: [row],
      qualityAt: [row],
      idAt: [row],
      groupAt: [row],
      listAt: [row],
    },
  },
  NotedEntries: {
    of: () => noted,
    doors: { entryAt: [row], rows: [] },
  },
  SearchThreads: {
    of: () => node.createSearchThreads(core.createBlocklist([ENTRY as never])),
    doors: { stats: [], ready: [], close: [] },
  },
  HashPool: {
    of: () => node.createHashPool({ workers: 1 }),
    doors: {
      hash: [source, by(HASH_FILE_OPTIONS)],
      check: [source, decider, by(CHECK_OPTIONS)],
      stats: [],
      close: [],
    },
  },
  FeedbackQueue: {
    of: async () => (await aStore()).feedbackQueue({ senders: { service: SENDER } as never }),
    doors: {
      add: [
        members(QUEUED, {
          id: text,
          to: member('service'),
          entry: text,
          body: member(
            1,
            ...(Object.keys(MISTAKES) as Mistake[]).filter((name) => !NO_JSON.includes(name)),
          ),
        }),
      ],
      items: [],
      stuck: [],
      send: [options({ signal })],
      retry: [text],
      drop: [text],
      close: [],
    },
  },
  Sessions: {
    of: async () => (await aStore()).sessions(),
    doors: { begin: [member('a'.repeat(64), 'text')], tokenHashOf: [text], end: [text] },
  },
  Store: {
    of: aStore,
    doors: {
      revision: [],
      sessions: [options({ hours: optional(number), now: callback })],
      status: [],
      verify: [],
      search: [hash, distanceOf],
      searchBatch: [hashes, distanceOf],
      entry: [whole],
      find: [
        options({
          list: text,
          hash,
          id: text,
          source: text,
          after: member(1, 'undefined'),
          limit: member(10, 'undefined'),
        }),
      ],
      count: [options({ list: text, algorithm: text, paused: flag })],
      entries: [],
      pause: [whole, optional(member('for-good')), change],
      withdrawals: [],
      lists: [],
      confirm: [text],
      renameList: [
        text,
        member('other', 'text'),
        options({ settings: listSettings, idempotencyKey: text }),
      ],
      settings: [],
      apply: [
        strict({
          withdraw: list(withdrawalOf),
          reinstate: list(withdrawalOf),
          remove: list(whole, 'bytes'),
          replace: optional(record({ list: text, entries })),
          settings: optional(members({ a: {} }, { a: or(listSettings, 'null') }, '{}')),
          allow: list(exceptionOf),
          disallow: list(record({ hash })),
          add: entries,
        }),
        change,
      ],
      exceptions: [],
      follow: [following],
      fetch: [text, member(emptyClient), options({ ...fetchOptions, now: callback })],
      feeds: [optional(member(new Uint8Array(32)))],
      reviewLog: [retention],
      pruneReviews: [retention],
      reviewQueue: [record({ ...retention.members, feedbackOf: callback })],
      feedbackQueue: [
        record({
          senders,
          maxAttempts: optional(whole),
          backoffSeconds: optional(number),
          maxBackoffSeconds: optional(number),
          timeoutSeconds: optional(number),
          now: optional(member(() => 0)),
        }),
      ],
      purge: [date],
      close: [],
    },
  },
  Feeds: {
    of: async () => (await aStore()).feeds(new Uint8Array(32)),
    doors: {
      set: [
        text,
        record({
          api: text,
          settings: options(),
          enabled: flag,
          credentials: optional(record({ a: text }, '{}', '{ mark }')),
        }),
      ],
      get: [text],
      items: [],
      credentials: [text],
      remove: [text],
    },
  },
  ReviewLog: {
    of: async () => (await aStore()).reviewLog({ retentionDays: 30 }),
    doors: {
      append: [reviewRecord],
      timeOf: [text],
      read: [reviewQuery, options({ onProblem: callback })],
      erase: [erased],
      prune: [],
    },
  },
  ReviewQueue: {
    of: async () => (await aStore()).reviewQueue({ retentionDays: 30 }),
    doors: {
      put: [
        record({
          id: text,
          decision: member(QUEUED_DECISION),
          link: optional(member('https://example.org/a')),
          facts: optional(members([FACTS], { 0: members(FACTS, factsMembers) })),
        }),
      ],
      items: [
        options({
          state: optional(member('decided')),
          after: optional(whole),
          limit: optional(whole),
        }),
      ],
      get: [text],
      decide: [
        text,
        record({
          outcome: member('rejected'),
          role: member('moderator'),
          allow: optional(record({ reason: text })),
          insteadOf: member(0, 'undefined'),
        }),
        change,
      ],
      counts: [],
      erase: [erased],
      prune: [],
    },
  },
  Follower: {
    of: async () => await (await aStore()).follow(),
    doors: { reached: [member(0), options({ signal })], numberOf: [entry], wake: [], close: [] },
  },
};

async function entryOf(name: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(ROOT, `dist/${name}.js`)).href)) as never;
}

const exported = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as object;
const ENTRIES = Object.keys(exported)
  .filter((name) => name !== './package.json' && name !== './browser/worker')
  .map((name) => (name === '.' ? 'index' : name.slice(2)));

test('every entry has its rows', () => {
  expect(Object.keys(DOORS).sort()).toEqual([...ENTRIES].sort());
});

describe.each(ENTRIES)('%s', async (name) => {
  const entry = await entryOf(name);
  const doors = DOORS[name] ?? {};

  test('every export has a row', () => {
    expect(Object.keys(doors).sort()).toEqual(Object.keys(entry).sort());
    for (const [key, door] of Object.entries(doors)) {
      if (door === 'constant') expect(typeof entry[key], key).not.toBe('function');
      if (door === 'class of errors') {
        expect((entry[key] as { prototype: unknown }).prototype, key).toBeInstanceOf(Error);
      }
    }
  });

  const rows = Object.entries(doors).flatMap(([key, door]) =>
    typeof door === 'string' ? [] : [{ key, door }],
  );
  test.each(rows)(
    '$key says what it expected, and nothing about what it got',
    async ({ key, door }) => {
      const value = entry[key] as (...args: readonly unknown[]) => unknown;
      const isClass = String(value).startsWith('class');
      const call = isClass ? (...args: unknown[]) => Reflect.construct(value, args) : value;
      // What is right needs a browser there, unless it takes nothing.
      const neverRight = name === 'browser' && door.length > 0;
      expect(await problemsOf(call, door, neverRight)).toEqual([]);
    },
  );
});

describe.each(Object.entries(METHODS))('%s', (_, { of, doors }) => {
  test('every method has a row', async () => {
    const object = await of();
    const prototype = Object.getPrototypeOf(object) as object;
    const holder = prototype === Object.prototype ? object : prototype;
    const names = Object.entries(Object.getOwnPropertyDescriptors(holder))
      .filter(([key, { value }]) => key !== 'constructor' && typeof value === 'function')
      .map(([key]) => key)
      .filter((key) => !INTERNAL.includes(key));
    expect(Object.keys(doors).sort()).toEqual(names.sort());
    if ('close' in object) await (object.close as () => Promise<void>)();
  });

  test.each(Object.entries(doors))(
    '%s says what it expected, and nothing of what it got',
    async (key, args) => {
      const first = await of();
      const shared = key === 'close' || !('close' in first) ? undefined : first;
      const call = async (...given: readonly unknown[]) => {
        const object = (shared ?? (await of())) as Record<string, (...all: unknown[]) => unknown>;
        return await object[key]!(...given);
      };
      expect(await problemsOf(call, args)).toEqual([]);
      await (first as { close?(): Promise<void> }).close?.();
    },
  );
});

const nameOfEntry = (entry: string) => (entry === 'index' ? 'onlyhashes' : `onlyhashes/${entry}`);

/** The calls that have a table, by entry, and the methods of what they return. */
const TABLES = [
  ...Object.entries(DOORS).flatMap(([entry, doors]) => tablesIn(nameOfEntry(entry), doors)),
  ...Object.entries(METHODS).flatMap(([name, { doors }]) => tablesIn(name, doors)),
];

function tablesIn(of: string, doors: Readonly<Record<string, Door | string>>) {
  return Object.entries(doors).flatMap(([name, door]) =>
    (typeof door === 'string' ? [] : door)
      .filter((argument) => 'table' in argument)
      .map((argument) => ({ of, name, table: (argument as TableArgument).table })),
  );
}

test.each(TABLES)('$of: $name takes the defaults and the bounds of its options', ({ table }) => {
  for (const [name, option] of Object.entries(table as Record<string, Option>)) {
    const { is, least, most, of = [], default: byDefault } = option;
    const bounds = is.name === 'texts' ? [] : [least, most];
    const values = [byDefault, ...bounds, ...(is.name === 'choice' ? of : [])];
    for (const value of values.filter((one) => one !== undefined)) {
      expect(() => is(name, value, option, {}), name).not.toThrow();
    }
  }
  expect(Object.keys(table)).not.toEqual([]);
});

test('docs/options.md shows the tables', async () => {
  const groups = [...new Set(TABLES.map(({ of }) => of))];
  const parts = groups.flatMap((group) => {
    const named = new Map<string, string[]>();
    for (const { name, table } of TABLES.filter(({ of }) => of === group)) {
      const grid = gridOf(rowsOf(table));
      named.set(grid, [...(named.get(grid) ?? []), name]);
    }
    return [
      `## ${group}`,
      ...[...named].flatMap(([grid, names]) => [`### ${names.join(', ')}`, grid]),
    ];
  });
  const page = [...INTRODUCTION, ...parts].join('\n\n');
  await expect(`${page}\n`).toMatchFileSnapshot('../docs/options.md');
});

const INTRODUCTION = [
  '# Options',
  'The options of each function: the values that they take, and the default. The code checks options by\n' +
    'the tables from which this page is written, and refuses a name that is not in them. The API reference\n' +
    'says what each option does.',
];

test('packed hashes are checked like hashes', async () => {
  const call = (one: never) => core.createIndex(one);
  expect(await problemsOf(call as never, [or(packed, '[]')])).toEqual([]);
  const both = { ...HASH, bits: 64 };
  expect(() => core.createIndex([both as never])).toThrow(RangeError);
});

test.each([
  ['createHashPool', () => node.createHashPool({ timeoutsSeconds: 3 } as never), 'timeoutSeconds'],
  [
    'createSearchThreads',
    () => node.createSearchThreads(LIST as never, { worker: 1 } as never),
    'workers',
  ],
  ['createFloodGuard', () => core.createFloodGuard({ onalarm: MARK } as never), 'onAlarm'],
  ['hash', () => POOL.hash(picture, { decodings: 'draft' } as never), 'decoding'],
  ['check', () => POOL.check(picture, LIST, { remotes: [] } as never), 'remote'],
  ['check', () => node.check(picture, LIST, { timeoutsSeconds: 3 } as never), 'timeoutSeconds'],
  [
    'createService',
    () => server.createService({ ...SERVICE, tellHash: true } as never),
    'includeHashes',
  ],
  [
    'a nested option',
    () => server.createService({ ...SERVICE, scan: { onErrors: 'accept' } } as never),
    'onError',
  ],
  [
    'a token',
    () => {
      const tokens = [{ ...TOKEN, answerPerDay: 1 }];
      return server.createService({ ...SERVICE, tokens } as never);
    },
    'answersPerDay',
  ],
  ['openStore', () => server.openStore({ dataDir: undefined }, { band: true } as never), 'bands'],
  ['a place', () => server.openStore({ dataDIR: MARK, url: MARK } as never), 'dataDir'],
] as const)(
  '%s refuses a misspelt option by its name, and names the nearest',
  async (_, call, nearest) => {
    const error = await (async () => call())().catch((each: unknown) => each);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(new RegExp(`unknown option \\w+: did you mean ${nearest}\\?$`));
    expect(String(error)).not.toContain(MARK);
  },
);

test.each([
  ['colour', undefined],
  ['timeout', undefined],
  ['worker', 'workers'],
  ['maxQuued', 'maxQueued'],
  // 5 of 16 letters differ, and 6
  ['maxBytesInQQQQQt', 'maxBytesInFlight'],
  ['maxBytesIQQQQQQt', undefined],
] as const)('a known option is named only if it may be meant: %s', (name, nearest) => {
  const hint = nearest ? `: did you mean ${nearest}?` : '';
  expect(() => node.createHashPool({ [name]: 1 })).toThrow(
    new TypeError(`unknown option ${name}${hint}`),
  );
});

test.each([
  ['HashPool', () => node.createHashPool({ workers: 1 })],
  ['SearchThreads', () => node.createSearchThreads(core.createBlocklist([]))],
] as const)('%s refuses to close by options, of which there are none', async (_, open) => {
  const pool = open() as { close(options?: unknown): Promise<void> };
  await expect(pool.close({ timeout: 3 })).rejects.toThrow(/^unknown option timeout$/);
  await expect(pool.close(3)).rejects.toThrow('expected options to be an object');
  await pool.close();
});

test('a name that is no short identifier is not repeated; an option in the place is told', async () => {
  for (const name of [MARK, 'a'.repeat(41), 'cat.jpg', '']) {
    expect(() => node.createHashPool({ [name]: 1 })).toThrow(/^unknown option$/);
  }
  const misplaced = server.openStore({ dataDir: undefined, bands: true } as never);
  await expect(misplaced).rejects.toThrow('in the options');
});
