const HEX_32 = { type: 'string', pattern: '^[0-9a-fA-F]{32}$' } as const;
const HEX_64 = { type: 'string', pattern: '^[0-9a-fA-F]{64}$' } as const;
const HEX_16_OR_64 = {
  type: 'string',
  pattern: '^([0-9a-fA-F]{16}|[0-9a-fA-F]{64})$',
} as const;

/**
 * JSON Schema (2020-12) of a bundle. `readBundle` is stricter only in that the day must exist, and
 * that a group must be a hash of the bundle that names none.
 */
export const BUNDLE_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A bundle of hashes, made on the device of the person whose pictures they are',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'version', 'case', 'day', 'withdraw', 'hashes', 'padding'],
  properties: {
    format: { const: 'onlyhashes-bundle' },
    version: { const: 1 },
    case: {
      type: 'string',
      pattern: '^[0-9a-fA-F]{32}$',
      description: 'random; names this bundle and nothing else',
    },
    day: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$', description: 'YYYY-MM-DD, in UTC' },
    withdraw: {
      type: 'string',
      pattern: '^[0-9a-fA-F]{64}$',
      description: 'SHA-256 of "onlyhashes withdraw 1", case and token, each on a line',
    },
    hashes: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['algorithm', 'hash', 'variant'],
        properties: {
          algorithm: {
            type: 'string',
            pattern: '^[a-z][a-z0-9-]{0,31}$',
            description: 'a hash of an unknown one is kept unread',
          },
          hash: { type: 'string', pattern: '^[0-9a-fA-F]{16,128}$' },
          resample: { enum: [512, 'none'] },
          quality: { type: 'integer', minimum: 0, maximum: 100 },
          variant: { type: 'string', pattern: '^[a-z][A-Za-z0-9]{0,31}$' },
          group: {
            type: 'string',
            pattern: '^[0-9a-fA-F]{16,128}$',
            description: "of a part or form: the picture's own hash, which is in the bundle",
          },
        },
        if: { required: ['algorithm'], properties: { algorithm: { const: 'pdq' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { hash: HEX_64 } },
        else: {
          properties: { resample: false },
          if: {
            required: ['algorithm'],
            properties: { algorithm: { enum: ['blockhash', 'phash', 'dhash', 'ahash'] } },
          },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { properties: { hash: HEX_16_OR_64 } },
        },
      },
    },
    digests: {
      type: 'array',
      minItems: 1,
      description: 'of exact files, only where the person asked for them',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['algorithm', 'digest'],
        properties: { algorithm: { enum: ['sha256', 'md5'] }, digest: { type: 'string' } },
        if: { required: ['algorithm'], properties: { algorithm: { const: 'md5' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { digest: HEX_32 } },
        else: { properties: { digest: HEX_64 } },
      },
    },
    padding: { type: 'string', pattern: '^\\.*$' },
  },
} as const;

/** JSON Schema (2020-12) of a withdrawal. */
export const WITHDRAWAL_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What takes a bundle back',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'version', 'case', 'token'],
  properties: {
    format: { const: 'onlyhashes-withdrawal' },
    version: { const: 1 },
    case: HEX_32,
    token: { type: 'string', pattern: '^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$' },
  },
} as const;
