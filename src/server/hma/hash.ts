import { hashToHex } from '../../hash.js';
import type { HashedImage } from '../../variant.js';
import type { Schema } from '../http/json-schema.js';
import { type Call, type Route, repliesOf } from '../http/route.js';
import { checkSignalTypes, type HmaHasher } from './picture.js';
import { hmaJson } from './reply.js';
import { FORM, MESSAGE, PLAIN_PDQ, TEXT } from './schema.js';

const SIGNALS: Schema = {
  title: 'hashes by signal type, empty if the picture has too little detail to be compared',
  type: 'object',
  properties: { pdq: { type: 'string', pattern: '^([0-9a-f]{64})?$' } },
  required: ['pdq'],
};

/** `/h/hash`: hashes a picture, and neither keeps it nor looks it up. */
export function hmaHashRoutes(hasher: HmaHasher, minQuality: () => number): Route[] {
  const replies = { 200: SIGNALS, ...repliesOf(MESSAGE, 400, 403, 413, 415, 422, 501, 502, 503) };
  const answer = async (call: Call) => {
    checkSignalTypes(call);
    return await hasher.picture(call, async (picture) =>
      hmaJson({ pdq: signalOf(await hasher.hash(picture, call.signal), minQuality()) }),
    );
  };
  return [
    {
      method: 'GET',
      path: '/h/hash',
      role: 'match',
      about: `Hash the picture at a URL. ${PLAIN_PDQ}`,
      query: { url: { ...TEXT, required: true }, content_type: TEXT, types: TEXT },
      replies,
      answer,
    },
    {
      method: 'POST',
      path: '/h/hash',
      role: 'match',
      about: `Hash a picture, sent as the file \`photo\` of a form. ${PLAIN_PDQ}`,
      query: { types: TEXT },
      media: FORM,
      replies,
      answer,
    },
  ];
}

/** A hash in HMA's form: empty if the picture has too little detail for comparison. */
export const signalOf = ({ hash, quality = 100 }: HashedImage, minQuality: number): string =>
  quality < minQuality ? '' : hashToHex(hash);
