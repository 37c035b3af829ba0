import { BLOCKLIST_OPTIONS } from '../../src/blocklist/blocklist.js';
import { BITS_OPTIONS } from '../../src/hashing/grid.js';
import { PDQ_OPTIONS } from '../../src/hashing/pdq.js';
import {
  ALLOW_LIST_OPTIONS,
  ALLOW_OPTIONS,
  DISALLOW_OPTIONS,
} from '../../src/matching/allow-list.js';
import { FLOOD_GUARD_OPTIONS } from '../../src/matching/flood-guard.js';
import { MATCH_OPTIONS } from '../../src/matching/match.js';
import { REMOTE_LIST_OPTIONS } from '../../src/matching/remote-list.js';
import { POLICY_OPTIONS } from '../../src/policy.js';
import { READ_LIST_OPTIONS } from '../../src/text/hash-list.js';
import { WRITE_VPDQ_OPTIONS } from '../../src/text/vpdq.js';
import { WRITE_LIST_OPTIONS } from '../../src/text/write-hash-list.js';
import { VARIANT_OPTIONS } from '../../src/variants/variant-profile.js';
import { MATCH_VIDEO_OPTIONS } from '../../src/video/video.js';
import {
  type Argument,
  callback,
  flag,
  fromOutside,
  list,
  member,
  members,
  optional,
  options,
  or,
  record,
  signal,
  text,
  whole,
} from './argument.js';
import { decision, decisionJSON } from './decisions.js';
import type { Doors, Methods } from './exam.js';
import { records } from './reviews.js';
import {
  aBlocklist,
  by,
  core,
  distanceOf,
  ENTRY,
  EXCEPTION,
  entries,
  entry,
  exceptionOf,
  HASH,
  HEX,
  hash,
  hashes,
  hashOfJSON,
  IMAGE,
  INDEX,
  image,
  MATCHER,
  pixels,
  quality,
  ranks,
  resample,
  row,
  VARIANT,
  withdrawalOf,
} from './values.js';

export const packed = record({
  algorithm: member('pdq'),
  bits: member(256),
  bytes: member(HASH.bytes),
});

/** Text of a service, of which any may come. */
const reply = (good: string): Argument => fromOutside(good, 'text', '[]', '[text]');
const FRAME = { frameNumber: 0, hash: HASH, quality: 80, seconds: 1.5 };
const vpdqFrame = members(FRAME, {
  frameNumber: optional(whole),
  hash,
  quality: member(80),
  seconds: member(1.5, '7.5'),
});
const frames = members([FRAME], { 0: vpdqFrame });
const snapshot = INDEX.toBuffer();
const { bundle, withdrawToken } = await core.createBundle([IMAGE as never]);
const withdrawal = await core.createWithdrawal(withdrawToken);
const age = await import('age-encryption');
const identity = await age.generateIdentity();
const recipient = await age.identityToRecipient(identity);

const indexBytes = fromOutside(snapshot, 'bytes', 'floats');
const wholeBundle = members(bundle, {
  format: member(bundle.format),
  version: member(1),
  case: member(bundle.case),
  state: member(bundle.state, 'text'),
  day: member(bundle.day),
  hashes: member(bundle.hashes),
  digests: optional(member([{ algorithm: 'md5', digest: '0'.repeat(32) }])),
  unknown: optional(member([], '[]')),
  padding: member(bundle.padding),
  check: member(bundle.check, 'text'),
});
const hashJSON = record(hashOfJSON);

const VIDEO = { frames: [FRAME], seconds: 1, width: 4, height: 4 };
const aVideo = members(VIDEO, { frames });

export const CORE_DOORS: Doors = {
  ALGORITHMS: 'constant',
  DIGESTS: 'constant',
  DecodeError: 'class of errors',
  FormatError: 'class of errors',
  ahash: [pixels, by(BITS_OPTIONS)],
  blockhash: [pixels, by(BITS_OPTIONS)],
  dhash: [pixels, by(BITS_OPTIONS)],
  phash: [pixels, by(BITS_OPTIONS)],
  pdq: [pixels, by(PDQ_OPTIONS)],
  pdqDihedral: [pixels, by(PDQ_OPTIONS)],
  pdqOutline: [hash],
  distance: [hash, hash],
  hashFromHex: [member('pdq'), { good: HEX, fits: ['text'] }],
  hashFromJSON: [hashJSON],
  hashToHex: [hash],
  hashToJSON: [hash, options({ resample, decoding: member('draft') })],
  hashPixels: [pixels, by(VARIANT_OPTIONS)],
  variantsOf: [pixels, by(VARIANT_OPTIONS)],
  listedPicture: [image, member('whole')],
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
  matchVideo: [aVideo, member(aBlocklist()), by(MATCH_VIDEO_OPTIONS)],
  entriesOfVideo: [aVideo, options({ labels: member(['a'], '[]', '[text]'), id: text })],
  DECISION_SCHEMA: 'constant',
  createAllowList: [by(ALLOW_LIST_OPTIONS, {}, { exceptions: list(exceptionOf) })],
  hashesInSimd: [],
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
  createStateProof: [member(withdrawToken)],
  createWithdrawal: [member(withdrawToken)],
  entriesOfBundle: [wholeBundle],
  readBundle: [
    fromOutside(bundle.text, 'text', 'bytes'),
    options({ maxBytes: member(1e6, '7.5'), padded: flag }),
  ],
  readWithdrawal: [
    fromOutside(JSON.stringify(withdrawal), 'text', 'bytes'),
    options({ maxBytes: member(1e6, '7.5') }),
  ],
  sealBundle: [wholeBundle, member(recipient)],
  readVpdq: [reply(core.writeVpdq([FRAME as never])), options({ onProblem: callback })],
  writeVpdq: [frames, by(WRITE_VPDQ_OPTIONS)],
  writeCell: [or(text, '[]', '[text]')],
  readHashList: [reply(`${HEX}\n`), by(READ_LIST_OPTIONS)],
  writeHashList: [entries, by(WRITE_LIST_OPTIONS)],
};

const packedEntries = () => {
  const rows = new core.PackedEntries('pdq', 256);
  rows.push(ENTRY as never);
  return rows;
};
const anIndex = () => core.createIndex([HASH as never]);

export const CORE_METHODS: Readonly<Record<string, Methods>> = {
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
      partsAt: [row],
      listAt: [row],
    },
  },
};
