import {
  type Algorithm,
  createBlocklist,
  DecodeError,
  distance,
  entriesOfVideo,
  type Hash,
  hashFromHex,
  matchVideo,
} from '../../index.js';
import {
  type HashFileOptions,
  type HashVideoOptions,
  hash,
  hashVideo,
  type VideoProgress,
} from '../../node/index.js';
import type { Command } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import type { Output } from '../output.js';
import { hashOptions, OF_PICTURES, PICTURE_OPTIONS } from './picture-options.js';
import { isHex, sourceOf } from './pictures.js';
import { isVideo } from './video.js';

/** Two pictures are compared unchanged, without variants. */
const { variants: _, algorithm, ...others } = PICTURE_OPTIONS;
const OPTIONS = { algorithm: { ...algorithm, choices: OF_PICTURES }, ...others };

/** `onlyhashes compare`: the distance between two pictures or hashes, or how videos agree. */
export const compareCommand: Command = {
  name: 'compare',
  usage: 'A B',
  about: `Print the distance between two pictures or hashes.
It is the number of bits that differ. A and B are files, or hashes in hex. Of two videos, it prints \
SHARE_OF_A,SHARE_OF_B,SPEED,OFFSET,FRAMES,VERDICT, as if A were listed and B uploaded, with empty \
cells if B shows too little of A. Of a picture and a video, it prints DISTANCE,SECONDS of the \
nearest frame. Videos need FFmpeg.`,
  options: OPTIONS,
  examples: [
    ['onlyhashes compare a.jpg b.png', 'the distance between two pictures'],
    ['onlyhashes compare known.mp4 copy.mp4', 'how much of one video is in the other'],
  ],
  minWords: 2,
  maxWords: 2,
  async run(call, out) {
    const options = { ...hashOptions(call), variants: 'none' as const, signal: out.signal };
    const [a, b] = call.words as [string, string];
    const [isA, isB] = [await isVideo(a), await isVideo(b)];
    const hashOf = async (word: string) =>
      isHex(word) ? hashOfHex(word, call.text('algorithm')) : await hashOfFile(word, options);
    if (!isA && !isB) await out.line(`${distance(await hashOf(a), await hashOf(b))}`);
    else if (options.algorithm !== 'pdq' || isHex(a) || isHex(b)) {
      throw new UsageError('a video is compared by pdq, with a video or a picture, not a hash');
    } else if (isA && isB) await out.line(await ofVideos(a, b, out));
    else await out.line(await inVideo(isA ? a : b, isA ? b : a, options, out));
    return undefined;
  },
};

/** Two videos: the first as a list has it, and the second as an upload. */
async function ofVideos(listed: string, upload: string, out: Output): Promise<string> {
  const blocklist = createBlocklist(entriesOfVideo(await videoIn(listed, {}, out)));
  const query = await videoIn(upload, { frames: 'query' }, out);
  const { verdict, reason, videos } = matchVideo(query, blocklist);
  if (reason === 'nothing-comparable') throw new Failure(`${listed}: no frame can be compared`);
  const { listShare, queryShare, speed, offset, frames } = videos?.[0] ?? {};
  const numbers = [listShare, queryShare, speed, offset].map((number) => number?.toFixed(3));
  return [...numbers, frames, verdict].join();
}

/** The frame of a video that is nearest to a picture, whose hash omits the 512 step as well. */
async function inVideo(video: string, picture: string, options: HashFileOptions, out: Output) {
  const own = await hashOfFile(picture, { ...options, resample: 'none' });
  const { frames } = await videoIn(video, { secondsPerHash: 0 }, out);
  const distances = frames.flatMap(({ hash, seconds, variants = [] }) =>
    [{ hash }, ...variants].map((form) => ({ seconds, bits: distance(own, form.hash) })),
  );
  const { bits, seconds } = distances.reduce((a, b) => (b.bits < a.bits ? b : a));
  return `${bits},${seconds.toFixed(3)}`;
}

async function videoIn(file: string, options: HashVideoOptions, out: Output) {
  out.begin('hashing', ' s');
  const onProgress = ({ seconds, of }: VideoProgress) =>
    out.update(Math.round(seconds), of && Math.round(of));
  const hashed = hashVideo(sourceOf(file), { ...options, signal: out.signal, onProgress });
  const video = await hashed.catch(naming(file));
  const { seconds, partial } = video;
  if (partial) out.error(file, `only ${seconds.toFixed(3)} seconds were hashed (${partial})`);
  return video;
}

/** @throws {UsageError} if the algorithm has no hash of that length */
function hashOfHex(hex: string, algorithm: string | undefined): Hash {
  try {
    return hashFromHex(algorithm as Algorithm, hex);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const hashOfFile = async (file: string, options: HashFileOptions) =>
  (await hash(sourceOf(file), options).catch(naming(file))).hash;

/** Throws an error again, with the file's name if it cannot be decoded. */
const naming = (file: string) => (error: unknown) => {
  throw error instanceof DecodeError ? new Failure(`${file}: ${error.message}`) : error;
};
