import { createHash } from 'node:crypto';
import { checkOptions, type OptionCheck, type OptionTable, wrongKind } from '../../door.js';
import { listOf } from '../../entry.js';
import { hashToHex } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import type { Schema } from '../http/json-schema.js';
import { TextReply } from '../http/reply.js';
import { type Call, NOT_CHECKED, Refusal, type Route, repliesOf, STATUS } from '../http/route.js';
import type { ServiceParts } from './parts.js';

/** Options of the route for Bluesky's moderation daemon. */
export interface ScanBlobOptions {
  /**
   * the label of each list's matches, by the name of the list, `''` for the unnamed one. The daemon
   * takes a record down, purges its picture and reports it if a label is `csam` or `csem`, and does
   * nothing about others. Matches of other lists have no label
   */
  labels: Readonly<Record<string, string>>;
}

const byList: OptionCheck = (name, value) => {
  checkOptions(value as object, `${name} to be an object: labels by list`);
  const isLabel = (label: unknown) => typeof label === 'string' && /^[a-z-]{1,128}$/.test(label);
  if (Object.values(value as object).every(isLabel)) return;
  wrongKind(`${name} to have a label of a-z and - for each list`);
};

export const SCAN_BLOB_OPTIONS = {
  labels: { is: byList, required: true },
} as const satisfies OptionTable<ScanBlobOptions>;

const SCANNED: Schema = {
  title: 'the output of `com.atproto.unspecced.scanBlob`',
  type: 'object',
  properties: { blob: { type: 'object' }, match: { type: 'object' } },
  required: ['blob', 'match'],
};
const REFUSAL: Schema = { title: '`{ code, message }`', type: 'object' };

/**
 * `com.atproto.unspecced.scanBlob`, which Bluesky's moderation daemon asks about each picture of a
 * record. It signs in as `admin` with a token of the service as the password. Only matches are
 * hits, since it has no word for a review: one for each list, with the upload's own hash. Its query
 * has the account's name and e-mail address, which are not read here; but a proxy's log would have
 * them.
 *
 * If a picture was not checked for lack of time, the reply is 503, and the daemon asks again. If it
 * cannot be hashed, the status is `error`: the daemon logs it, and the record stays.
 */
export function scanBlobRoute({ labels }: ScanBlobOptions, parts: ServiceParts): Route {
  return {
    method: 'POST',
    path: '/xrpc/com.atproto.unspecced.scanBlob',
    role: 'match',
    about: "Checks a picture for Bluesky's moderation daemon.",
    media: ['*/*'],
    replies: { 200: SCANNED, ...repliesOf(REFUSAL, 400, 408, 413, 415, 503) },
    isAnswer: true,
    scheme: 'basic',
    tokenHashOf: async ({ headers }) => {
      const [, given] = /^Basic +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
      const [, password] =
        /^admin:(.+)$/s.exec(Buffer.from(given ?? '', 'base64').toString()) ?? [];
      return password && createHash('sha256').update(password).digest('hex');
    },
    async answer(call) {
      const blob = new SentBlob(call.request);
      // A list without a label must not hide one that has it.
      const options = {
        ...parts.rules(),
        all: true,
        maxBytes: parts.maxBytes,
        signal: call.signal,
      };
      const decision = await call.countSearches(parts.list(), (list) =>
        parts.pool.check(blob.chunks(), list, options),
      );
      const { verdict, reason } = decision;
      call.note({ verdict, reason });
      const isAnswered = verdict !== 'unhashable';
      const code = isAnswered ? undefined : (NOT_CHECKED[reason] ?? 'failed');
      if (code !== undefined && STATUS[code] >= 500) {
        throw new Refusal('busy', `the picture was not checked: ${reason}`);
      }
      // The CID is of the whole.
      if (!blob.isWhole) throw new Refusal(code ?? 'bad-request', 'expected a shorter, whole body');
      const status = isAnswered ? 'success' : 'error';
      return TextReply.json({
        blob: blob.json(),
        match: { status, hits: hitsOf(decision, labels) },
      });
    },
  };
}

function hitsOf({ matches }: Decision, labels: ScanBlobOptions['labels']) {
  const found = matches.filter(({ tier }) => tier === 'match');
  const lists = found.map(({ entry }) => listOf(entry));
  return found
    .filter((_, at) => lists.indexOf(lists[at]!) === at)
    .map(({ entry, variant: { hash } }) => {
      const list = listOf(entry);
      const label = Object.hasOwn(labels, list) ? labels[list] : undefined;
      return { hashType: hash.algorithm, hashValue: hashToHex(hash), ...(label && { label }) };
    });
}

/** A picture as it passes by, and its name in the protocol: a CID of its SHA-256. */
class SentBlob {
  readonly #request: Call['request'];
  readonly #hash = createHash('sha256');
  #size = 0;
  /** true once all of it has been read */
  isWhole = false;

  constructor(request: Call['request']) {
    this.#request = request;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of this.#request.body ?? []) {
      this.#hash.update(chunk);
      this.#size += chunk.length;
      yield chunk;
    }
    this.isWhole = true;
  }

  json() {
    // CIDv1, raw, SHA-256 of 32 bytes; in lower-case base32 without padding, which `b` announces.
    const bytes = Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), this.#hash.digest()]);
    return {
      $type: 'blob',
      ref: { $link: `b${base32(bytes)}` },
      mimeType: this.#request.headers.get('content-type') ?? 'application/octet-stream',
      size: this.#size,
    };
  }
}

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648, in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + DIGITS[(value << (5 - bits)) & 31] : text;
}
