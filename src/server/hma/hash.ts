import { DecodeError } from '../../errors.js';
import type { HashedImage } from '../../variant.js';
import type { Schema } from '../http/json-schema.js';
import { type Call, type Route, repliesOf, withPut } from '../http/route.js';
import type { HmaHasher, HmaVideo } from './picture.js';
import { hmaJson } from './reply.js';
import { FORM, MESSAGE, PLAIN_PDQ, TEXT } from './schema.js';
import { signalsOf } from './signals.js';

/** The longest signal in a reply that did not ask for it: longer ones fit in no address. */
const LONGEST = 12 * 1024;

const SIGNALS: Schema = {
  title: 'hashes by signal type; none if the picture has too little detail to be compared',
  type: 'object',
  properties: {
    pdq: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    video_md5: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    vpdq: TEXT,
  },
};

/**
 * `/h/hash`: hashes a picture or a video, and neither keeps it nor looks it up.
 * @param notPictures reply about a `photo` that is no picture: no hash, or a refusal
 */
export function hmaHashRoutes(
  hasher: HmaHasher,
  { minQuality, notPictures }: { minQuality: () => number; notPictures: 'accept' | 'refuse' },
): Route[] {
  const replies = { 200: SIGNALS, ...repliesOf(MESSAGE, 400, 403, 413, 415, 422, 501, 502, 503) };
  const answer = async (call: Call) =>
    await hasher.picture(call, async (picture) => {
      if (picture.type === 'video')
        return signalsReply(call, await hasher.video(picture, call.signal));
      try {
        const hashed = await hasher.hash(picture, call.signal);
        return hmaJson(isPlain(hashed, minQuality()) ? {} : signalsOf([{ ...hashed, labels: [] }]));
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
    ...withPut({
      method: 'POST',
      path: '/h/hash',
      role: 'match',
      about: `Hash a picture, sent as the file \`photo\` of a form or by PUT, or a \`video\`. ${PLAIN_PDQ}`,
      query: { types: TEXT },
      media: FORM,
      replies,
      answer,
    }),
  ];
}

/** The header that says why frames of a video are missing. */
export const missingFrames = (missing: string | undefined) =>
  missing === undefined ? undefined : { 'onlyhashes-vpdq': missing };

/**
 * The signals of a video. Callers look up each by an address, and policyserv blocks a video if one
 * fails: frames that do not fit in it are omitted, unless `types` asks for them.
 */
function signalsReply({ url }: Call, { entries, missing }: HmaVideo) {
  const { vpdq = '', ...others } = signalsOf(entries);
  const isLong = !url.searchParams.has('types') && encodeURIComponent(vpdq).length > LONGEST;
  const signals = { ...others, ...(vpdq !== '' && !isLong && { vpdq }) };
  return hmaJson(signals, 200, missingFrames(isLong ? 'too-long' : missing));
}

/** True if a picture has too little detail for comparison. */
export const isPlain = ({ quality = 100 }: HashedImage, minQuality: number): boolean =>
  quality < minQuality;
