import { ALGORITHMS } from '../hash.js';
import { TRUSTS } from '../policy.js';
import { DIHEDRAL_NAMES, LOOK_NAMES } from '../variant.js';
import { VERDICTS } from './decision-json.js';

/** A hash of any algorithm. */
export const HEX = {
  type: 'string',
  pattern: '^([0-9a-fA-F]{16}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$',
} as const;
const HEX_OF_PDQ = { type: 'string', pattern: '^[0-9a-fA-F]{64}$' } as const;
/** PDQ has no hashes of 64 bits. */
const IF_PDQ = { required: ['algorithm'], properties: { algorithm: { const: 'pdq' } } } as const;
const TEXT = { type: 'string' } as const;
const QUALITY = { type: 'number', minimum: 0, maximum: 100 } as const;
const RESAMPLE = { enum: [512, 'none'] } as const;
const ALGORITHM = { enum: ALGORITHMS } as const;
const DISTANCE = { type: 'integer', minimum: 0, maximum: 256 } as const;
const THRESHOLD = { type: 'integer', minimum: -1, maximum: 256 } as const;
const THRESHOLDS = {
  matchDistance: THRESHOLD,
  reviewDistance: THRESHOLD,
  minQuality: QUALITY,
} as const;
const MILLISECONDS = { type: 'number', minimum: 0 } as const;
/** The highest integer that JSON keeps. */
const MOST = 2 ** 53 - 1;
const SIDE = { type: 'integer', minimum: 1, maximum: MOST } as const;
const NUMBER = { type: 'number' } as const;
const SECONDS = { type: 'number', minimum: 0 } as const;
const SHARE = { type: 'number', minimum: 0, maximum: 1 } as const;
const POINT = { type: 'array', prefixItems: [NUMBER, NUMBER], minItems: 2, maxItems: 2 } as const;

const OPINION = {
  type: 'object',
  required: ['from', 'says'],
  properties: { from: TEXT, says: TEXT, tags: { type: 'array', items: TEXT } },
} as const;

const GEOMETRY = {
  type: 'object',
  description: 'place of the variant, in pixels of the displayed picture',
  required: ['rectangle'],
  properties: {
    rectangle: {
      type: 'object',
      required: ['left', 'top', 'width', 'height'],
      properties: { left: NUMBER, top: NUMBER, width: NUMBER, height: NUMBER },
    },
    corners: { type: 'array', items: POINT, minItems: 4, maxItems: 4 },
    angle: NUMBER,
    dihedral: { enum: DIHEDRAL_NAMES },
  },
} as const;

/** Functions, so that bundlers can drop them: a spread might have effects. */
const matchSchema = () =>
  ({
    type: 'object',
    required: ['distance', 'tier', 'variant', 'hash', 'labels', 'algorithm', 'variantHash'],
    properties: {
      distance: { ...DISTANCE, description: 'in bits' },
      partsDistance: {
        ...DISTANCE,
        description: 'the distance by parts, in bits; absent: the parts were not compared',
      },
      tier: { enum: ['match', 'review'] },
      variant: { ...TEXT, description: 'the variant of the upload that hit' },
      hash: { ...HEX, description: "the entry's" },
      labels: { type: 'array', items: TEXT },
      geometry: GEOMETRY,
      look: { enum: LOOK_NAMES, description: 'the look that the variant is a part or form of' },
      frame: {
        type: 'integer',
        minimum: 0,
        maximum: MOST,
        description: 'the frame of the upload that the variant shows, from 0',
      },
      algorithm: ALGORITHM,
      id: { ...TEXT, description: "the source's own identifier of the entry" },
      source: TEXT,
      quality: { type: 'integer', minimum: 0, maximum: 100, description: "the entry's" },
      resample: { ...RESAMPLE, description: "the entry's" },
      entryVariant: { ...TEXT, description: 'the part or form of the listed picture' },
      group: { ...HEX, description: 'the hash of that picture, or the name of the video' },
      seconds: { ...SECONDS, description: 'the time of the frame, if the entry is one of a video' },
      still: { type: 'boolean', description: 'whether that frame alone is reason for a match' },
      list: { ...TEXT, description: "the name of the entry's list; absent: the unnamed one" },
      trust: { enum: TRUSTS, description: 'of that list; absent: own' },
      caseCount: { type: 'integer', minimum: 0, maximum: MOST },
      opinions: { type: 'array', items: OPINION, description: 'opinions of others on the entry' },
      confirmed: { type: 'boolean', description: 'by the maintainers of the list' },
      allowed: { ...TEXT, description: 'the reason in the allow list' },
      variantHash: HEX,
      variantQuality: QUALITY,
      variantResample: RESAMPLE,
      variantDecoding: { enum: ['draft'] },
    },
    if: IF_PDQ,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { hash: HEX_OF_PDQ, group: HEX_OF_PDQ, variantHash: HEX_OF_PDQ } },
  }) as const;

const remoteMatchSchema = () =>
  ({
    type: 'object',
    required: ['list', 'trust', 'tier', 'labels'],
    dependentRequired: { hash: ['algorithm'], algorithm: ['hash'] },
    properties: {
      list: { ...TEXT, description: 'the name of the remote list' },
      trust: { enum: TRUSTS },
      tier: { enum: ['match', 'review'] },
      labels: { type: 'array', items: TEXT },
      source: { ...TEXT, description: 'the name of the service, perhaps with its bank' },
      id: { ...TEXT, description: "the list's own identifier of the entry" },
      algorithm: ALGORITHM,
      hash: { ...HEX, description: "the entry's, if reported" },
      distance: { ...DISTANCE, description: 'in bits, if reported' },
      confirmed: { type: 'boolean', description: 'by the maintainers of the list' },
      allowed: { ...TEXT, description: 'the reason in the allow list' },
    },
    if: IF_PDQ,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { hash: HEX_OF_PDQ } },
  }) as const;

const videoSchema = () =>
  ({
    type: 'object',
    required: [
      ...['group', 'tier', 'speed', 'offset', 'frames', 'listShare', 'queryShare', 'variant'],
      'moments',
    ],
    properties: {
      group: { ...HEX_OF_PDQ, description: "of the video's entries" },
      list: TEXT,
      source: TEXT,
      id: TEXT,
      tier: { enum: ['match', 'review'] },
      speed: { ...NUMBER, description: 'a moment of the list is at speed · seconds + offset' },
      offset: NUMBER,
      frames: { ...SIDE, description: 'frames of the list on this line that count' },
      listShare: { ...SHARE, description: 'of the frames of the list that count' },
      queryShare: { ...SHARE, description: 'of the upload' },
      variant: { ...TEXT, description: 'the variant of the upload that most of them match' },
      moments: {
        type: 'array',
        items: {
          type: 'object',
          required: ['listSeconds', 'querySeconds', 'distance'],
          properties: { listSeconds: SECONDS, querySeconds: SECONDS, distance: DISTANCE },
        },
      },
    },
  }) as const;

const decisionSchema = () =>
  ({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Decision about a picture',
    type: 'object',
    required: ['verdict', 'reason', 'matches', 'policy'],
    properties: {
      file: TEXT,
      fileBytes: {
        type: 'string',
        pattern: '^([0-9a-f]{2})+$',
        description: 'the name in hex, if it is not UTF-8',
      },
      verdict: { enum: VERDICTS },
      reason: { ...TEXT, description: 'a `DecisionReason`, or one of a later release' },
      detail: {
        ...TEXT,
        description: 'the problem with an unhashable picture, or a caution, in words',
      },
      matches: {
        type: 'array',
        description: 'nearest first, those for review last',
        items: matchSchema(),
      },
      allowed: {
        type: 'array',
        description: 'hits that the allow list excepts',
        items: matchSchema(),
      },
      remoteMatches: {
        type: 'array',
        description: 'hits of remote lists for the main hash, matches first',
        items: remoteMatchSchema(),
      },
      unanswered: {
        type: 'array',
        items: TEXT,
        description: 'names of the remote lists that did not answer; absent: none was waited for',
      },
      omitted: {
        type: 'integer',
        minimum: 1,
        maximum: MOST,
        description: 'number of further hits, not given; absent: none',
      },
      videos: {
        type: 'array',
        description: 'listed videos that the upload shows, the surest first',
        items: videoSchema(),
      },
      policy: {
        type: 'object',
        required: ['matchDistance', 'reviewDistance', 'minQuality'],
        properties: THRESHOLDS,
      },
      refined: {
        type: 'boolean',
        description: 'true if places near an entry could be refined; absent: not known',
      },
      policies: {
        type: 'array',
        description: 'for each kind of hash, if there are several',
        items: {
          type: 'object',
          required: ['algorithm', 'bits', 'matchDistance', 'reviewDistance', 'minQuality'],
          properties: { algorithm: ALGORITHM, bits: { enum: [64, 128, 160, 256] }, ...THRESHOLDS },
        },
      },
      upload: {
        type: 'object',
        description: 'the picture, if it was read and decoded here',
        required: ['algorithm', 'hash', 'width', 'height'],
        properties: {
          algorithm: ALGORITHM,
          hash: HEX,
          resample: RESAMPLE,
          quality: QUALITY,
          width: { ...SIDE, description: 'in pixels, as displayed' },
          height: { ...SIDE, description: 'in pixels, as displayed' },
          format: TEXT,
          decoding: { enum: ['full', 'draft'] },
        },
        if: IF_PDQ,
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { hash: HEX_OF_PDQ } },
      },
      frames: {
        type: 'object',
        description: 'for a file of several frames: their number, and the number checked',
        required: ['total', 'checked'],
        properties: {
          total: SIDE,
          checked: { type: 'integer', minimum: 0, maximum: MOST },
        },
      },
      timings: {
        type: 'object',
        description: 'in milliseconds',
        required: ['reading', 'waiting', 'decoding', 'hashing', 'search'],
        properties: {
          reading: MILLISECONDS,
          waiting: MILLISECONDS,
          decoding: MILLISECONDS,
          hashing: MILLISECONDS,
          search: MILLISECONDS,
        },
      },
      generation: {
        type: 'integer',
        minimum: 0,
        maximum: MOST,
        description: 'generation of the searched list',
      },
      evidence: {
        type: 'array',
        description: 'reserved: certainty of each match, by more than its distance',
      },
    },
  }) as const;

/**
 * JSON Schema (2020-12) of a decision, as `decisionToJSON`, `JSON.stringify` and `onlyhashes match
 * --json` write it. A minor release may add members and reasons.
 */
export const DECISION_SCHEMA = /* @__PURE__ */ decisionSchema();
