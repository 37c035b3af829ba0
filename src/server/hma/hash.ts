import { DecodeError } from '../../errors.js';
import type { HashedImage } from '../../variant.js';
import type { Schema } from '../http/json-schema.js';
import { type Call, type Route, repliesOf } from '../http/route.js';
import type { HmaHasher } from './picture.js';
import { hmaJson } from './reply.js';
import { FORM, MESSAGE, PLAIN_PDQ, TEXT } from './schema.js';
import { signalsOf } from './signals.js';

const SIGNALS: Schema = {
  title: 'hashes by signal type; none if the picture has too little detail to be compared',
  type: 'object',
  properties: {
    pdq: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    video_md5: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
};

/**
 * `/h/hash`: hashes a picture, or digests a video, and neither keeps it nor looks it up.
 * @param notPictures reply about a `photo` that is no picture: no hash, or a refusal
 */
export function hmaHashRoutes(
  hasher: HmaHasher,
  { minQuality, notPictures }: { minQuality: () => number; notPictures: 'accept' | 'refuse' },
): Route[] {
  const replies = { 200: SIGNALS, ...repliesOf(MESSAGE, 400, 403, 413, 415, 422, 501, 502, 503) };
  const answer = async (call: Call) =>
    await hasher.picture(call, async (picture) => {
      try {
        const hashed = await hasher.hash(picture, call.signal);
        return hmaJson(isPlain(hashed, minQuality()) ? {} : signalsOf(hashed.hash));
      } catch (error) {
        const isOther = error instanceof DecodeError && error.code === 'not-a-picture';
        if (isOther && notPictures === 'accept') return hmaJson({});
        throw error;
      }
    });
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
      about: `Hash a picture, sent as the file \`photo\` of a form, or digest a \`video\`. ${PLAIN_PDQ}`,
      query: { types: TEXT },
      media: FORM,
      replies,
      answer,
    },
  ];
}

/** True if a picture has too little detail for comparison. */
export const isPlain = ({ quality = 100 }: HashedImage, minQuality: number): boolean =>
  quality < minQuality;
