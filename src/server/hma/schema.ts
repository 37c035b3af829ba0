import type { Schema } from '../http/json-schema.js';

/** Any text. */
export const TEXT = { type: 'string' } as const;

/** The body of an error or a confirmation. */
export const MESSAGE: Schema = {
  type: 'object',
  properties: { message: TEXT },
  required: ['message'],
};

/** The body of an error of `/m/lookup` that is no mistake of the caller's: see `lookupError`. */
export const BARE_MESSAGE: Schema = TEXT;

/**
 * A hit. HMA writes the distance as text, that of a digest as `-`, and a video's by the shares
 * of the query and of the listed video: `87%[50%]`.
 */
export const MATCH: Schema = {
  type: 'object',
  properties: {
    bank_content_id: { type: 'integer' },
    distance: { type: 'string', pattern: '^([0-9]{1,3}|-|[0-9]{1,3}%\\[[0-9]{1,3}%\\])$' },
  },
  required: ['bank_content_id', 'distance'],
};

/** Hits by bank name. */
export const BANKS_OF_MATCHES: Schema = {
  type: 'object',
  additionalProperties: { type: 'array', items: MATCH },
};

/** A bank: a list. */
export const BANK = {
  type: 'object',
  properties: {
    name: TEXT,
    matching_enabled_ratio: { type: 'number', minimum: 0, maximum: 1 },
  },
  required: ['name', 'matching_enabled_ratio'],
} as const satisfies Schema;

/** A bank, with the facts that its fetchers need. HMA does not report them. */
export const BANK_WITH_NEWEST: Schema = {
  type: 'object',
  properties: {
    ...BANK.properties,
    newest_content_id: {
      type: 'integer',
      description: 'id of the newest content in the bank; 0 if it is empty',
    },
  },
  required: ['name', 'matching_enabled_ratio', 'newest_content_id'],
};

const SIGNALS: Schema = { type: 'object', additionalProperties: TEXT };
const METADATA: Schema = {
  type: 'object',
  properties: {
    content_id: TEXT,
    collab: {
      type: 'object',
      additionalProperties: { type: 'array', items: TEXT },
    },
  },
};

/** Content of a bank: an entry, by id. */
export const CONTENT: Schema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    disable_until_ts: {
      type: 'integer',
      description: '1: on; 0: off; otherwise the end of the pause, in seconds since 1970',
    },
    original_media_uri: { type: 'null' },
    bank: BANK,
    signals: SIGNALS,
    metadata: METADATA,
    note: TEXT,
    collab_metadata: { type: 'object' },
    user_metadata: { type: 'null' },
  },
  required: ['id', 'disable_until_ts', 'bank'],
};

/** The reply to an addition. */
export const ADDED: Schema = {
  type: 'object',
  properties: { id: { type: 'integer' }, signals: SIGNALS, metadata: METADATA },
  required: ['id', 'signals'],
};

/** Media type of a body with a picture. */
export const FORM: readonly string[] = ['multipart/form-data'];

/** OpenAPI note of calls that hash a picture or look a hash up. */
export const PLAIN_PDQ =
  'A hash alone is plain PDQ: 28.0 % of edited copies match. `POST /m/lookup` or `/v1/match` with ' +
  'the file finds most of the others.';
