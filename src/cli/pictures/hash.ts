import { statSync } from 'node:fs';
import {
  type HashedImage,
  type HashedVariant,
  hashToHex,
  hashToJSON,
  listedPicture,
} from '../../index.js';
import {
  createHashPool,
  digestFile,
  type HashedVideo,
  hash as hashFile,
  readBytes,
} from '../../node/index.js';
import type { Command } from '../command.js';
import { encoded, fileToJSON, nameCell } from '../file-name.js';
import { INNER_OPTION, innerChoice, listingOf } from './inner.js';
import { hashOptions, isDigest, OF_PICTURES, PICTURE_OPTIONS } from './picture-options.js';
import { eachPicture, sourceOf } from './pictures.js';
import { isVideo, printVideo, SECONDS_PER_HASH, secondsPerHash, videoOf } from './video.js';

/** `onlyhashes hash`: a line for each file, as the PDQ reference's tool prints it, or JSON. */
export const hashCommand: Command = {
  name: 'hash',
  usage: 'FILE…',
  about: `Hash pictures and videos, or, with --algorithm md5, sha1 or sha256, any files.
Prints a line HASH,QUALITY,FILE for each, in order, and for each frame of a video \
FRAME,QUALITY,HASH,SECONDS. Videos need FFmpeg. Folders are walked, including \
hidden pictures and links to folders. - is standard input.`,
  options: {
    ...PICTURE_OPTIONS,
    crops: {
      about:
        'also hash up to four centred crops, 1:1, 4:5, 16:9 and 9:16, so that a list catches copies cropped to these shapes; needs --json',
      needs: { json: [], orientation: ['display'] },
    },
    'crops-anywhere': {
      about:
        'as --crops, but all along the picture, 20 to 45 hashes of most photos: for a list of your own that is to catch copies cropped anywhere',
      needs: { json: [], orientation: ['display'] },
    },
    inner: { ...INNER_OPTION, needs: { algorithm: OF_PICTURES, orientation: ['display'] } },
    'no-parts': {
      about:
        'leave out the hashes of six parts, which --json prints with PDQ: a list that has them finds more copies, and sends fewer uploads to review wrongly',
      needs: { json: [], algorithm: ['pdq'] },
    },
    ...SECONDS_PER_HASH,
    json: {
      about:
        'print one JSON object per line, with the variants; fileBytes is the name in hex if it is not UTF-8',
    },
  },
  examples: [
    ['onlyhashes hash photo.jpg', 'one picture'],
    ['onlyhashes hash --seconds-per-hash 0 video.mp4', 'every frame of a video'],
    ['onlyhashes hash --json uploads/', 'a folder, with variants and sizes in pixels'],
    ['curl -s https://example.org/a.jpg | onlyhashes hash -', 'from standard input'],
  ],
  minWords: 1,
  async run(call, out) {
    out.begin('hashing');
    const choice = innerChoice(call);
    const options = {
      ...hashOptions(call),
      inner: choice !== 'no',
      crops: call.on('crops-anywhere') ? ('anywhere' as const) : call.on('crops'),
      parts: call.on('json') && !call.on('no-parts'),
    };
    const seconds = secondsPerHash(call);
    const pool = isOne(call.words) ? undefined : createHashPool();
    const algorithm = call.text('algorithm');
    const job = async (file: string, ended: AbortSignal): Promise<Printed | HashedVideo> => {
      if (isDigest(algorithm)) {
        const [hash] = await digestFile(sourceOf(file), { algorithms: [algorithm], signal: ended });
        return { hash: hash!, variants: [] };
      }
      if (algorithm === 'pdq' && (await isVideo(file, seconds))) {
        const alone = call.words.length === 1 && call.words[0] === file;
        return await videoOf(file, { seconds, signal: ended }, alone ? out : undefined);
      }
      // Read separately: a picture's time limit excludes the time of the program before a pipe.
      const bytes = await readBytes(sourceOf(file), { signal: ended });
      const hashing = { ...options, signal: ended };
      return await (pool ? pool.hash(bytes, hashing) : hashFile(bytes, hashing));
    };
    for await (const { file, image, error } of eachPicture(call.words, job, out)) {
      if (error) {
        if (call.on('json')) {
          const { code, message } = error;
          await out.line(JSON.stringify({ ...fileToJSON(file), error: { code, message } }));
        }
        out.error(file, error.message);
        continue;
      }
      if ('frames' in image) {
        await printVideo(file, image, call.on('json'), out);
        continue;
      }
      const listed =
        choice !== 'no' && isPicture(image)
          ? listedPictures(listedPicture(image, await listingOf(image, choice, file, out)))
          : [image];
      for (const [at, each] of listed.entries()) {
        if (call.on('json')) {
          // A withdrawal of the first withdraws all of the group.
          const group = at === 0 ? undefined : hashToHex(listed[0]!.hash);
          const line = { ...fileToJSON(file), ...imageToJSON(each), group };
          await out.line(JSON.stringify(line));
        } else {
          // 64 digits alone are PDQ.
          const name = isDigest(algorithm) ? `${algorithm}:` : '';
          await out.line(`${name}${hashToHex(each.hash)},${each.quality ?? ''},${nameCell(file)}`);
        }
      }
    }
    await pool?.close();
    return undefined;
  },
};

/** True if there is one picture to hash: starting a process would take as long as hashing it. */
function isOne(words: readonly string[]): boolean {
  if (words.length !== 1) return false;
  try {
    return !statSync(encoded(words[0]!)).isDirectory();
  } catch {
    // Reading it reports the error.
    return true;
  }
}

/** A picture, one in it, a later frame, or the digest of a file, which has no sides. */
type Printed = HashedImage &
  Pick<HashedVariant, 'geometry' | 'frame'> & {
    readonly width?: number | undefined;
    readonly height?: number | undefined;
  };

const isPicture = (printed: Printed) => printed.width !== undefined;

/** A frame of a lower PDQ quality, among the looks of a file, is for matching alone. */
const LEAST_QUALITY = 50;

/** True if a variant has a line of its own, as part of a list. */
const hasLine = ({ name, quality = 100, decoding }: HashedVariant) =>
  name === 'inner' || (name === 'frame' && quality >= LEAST_QUALITY && !decoding);

/** The pictures of a group: the whole, if it is listed, those in it, and later frames. */
function listedPictures({ variants, ...group }: Printed): Printed[] {
  const { width, height } = group;
  const own = variants.filter(hasLine);
  return [
    { ...group, variants: variants.filter((each) => !hasLine(each)) },
    ...own.map((each) => ({ ...{ width, height }, ...each, variants: [] })),
  ];
}

/** Undefined values are absent from the text. */
function imageToJSON({ hash, variants, geometry, frame, ...image }: Printed) {
  const { quality, resample, parts } = image;
  const rectangle = geometry?.rectangle;
  const { width, height } = rectangle ?? image;
  return {
    ...hashToJSON(hash),
    quality,
    resample,
    parts,
    width,
    height,
    rectangle,
    variant: frame === undefined ? undefined : 'frame',
    frame,
    variants: width === undefined ? undefined : variants.map(variantToJSON),
  };
}

function variantToJSON({ hash, ...variant }: HashedVariant) {
  const { name, quality, parts, geometry, look, frame, decoding } = variant;
  return { name, hash: hashToHex(hash), quality, parts, geometry, look, frame, decoding };
}
