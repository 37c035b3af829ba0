import { constants, createReadStream } from 'node:fs';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import { ALGORITHMS, type HashedVariant, hashToHex, hashToJSON } from '../index.js';
import {
  eachFile,
  type FileResult,
  type HashedFile,
  type HashFileOptions,
  hashFile,
} from '../node/index.js';
import type { Call, Command, Option } from './command.js';
import { encoded, fileToJSON } from './file-name.js';
import { listed } from './files.js';
import { exitCode, output } from './output.js';
import { type Progress, progress } from './progress.js';

/** How pictures are read and hashed: the same options for every command that takes a picture. */
export const HASH_OPTIONS = {
  algorithm: {
    about: 'which hash',
    choices: ALGORITHMS,
    default: 'pdq',
  },
  bits: { about: 'bits of the hash, for all but pdq', choices: ['64', '256'] },
  resample: {
    about: "PDQ's size convention",
    choices: ['512', 'none'],
    default: '512',
    needs: { algorithm: ['pdq'] },
  },
  exact: {
    about: "PDQ by the reference's own order of roundings throughout",
    needs: { algorithm: ['pdq'] },
  },
  orientation: {
    about: 'hash the picture as shown, or as its file stores it',
    choices: ['display', 'stored'],
    default: 'display',
  },
  variants: {
    about: 'what else is hashed of each picture',
    choices: ['none', 'orientation', 'dihedral', 'thorough'],
    default: 'orientation',
    needs: { orientation: ['display'] },
  },
  lenient: { about: 'take what can be read of a damaged picture' },
  'max-megapixels': {
    about: 'largest picture that is decoded, in units of 2^20 pixels',
    value: 'N',
    range: [1, 1000],
    default: '64',
  },
} as const satisfies Record<string, Option>;

/** What `hashFile` and `hashFiles` take, from the command line. */
export function hashOptions(call: Call): HashFileOptions {
  const bits = call.text('bits');
  return {
    algorithm: call.text('algorithm') as 'pdq',
    ...(bits === undefined ? {} : { bits: Number(bits) as 64 | 256 }),
    resample: call.text('resample') === 'none' ? ('none' as const) : (512 as const),
    exact: call.on('exact'),
    orientation: call.text('orientation') as 'display' | 'stored',
    variants: call.text('variants') as 'orientation',
    lenient: call.on('lenient'),
    maxPixels: call.number('max-megapixels') * 2 ** 20,
  };
}

/** A picture to read: a path, or a stream. */
export type Source = string | Readable;

/** What to read for a file of the command line; `-` is standard input. */
export function sourceOf(file: string): Source {
  if (file === '-') return stdin;
  const path = encoded(file);
  // `hashFile` would take bytes for the picture itself. O_NONBLOCK: opening a pipe does not wait
  // for its other end.
  const flags = (constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) as unknown as string;
  return typeof path === 'string' ? path : createReadStream(path, { flags });
}

/** A job for each of the files, in their order; `-` is a picture on standard input. */
export async function* eachPicture<T>(
  files: readonly string[],
  job: (source: Source, signal: AbortSignal) => Promise<T>,
  { signal, bar }: { signal: AbortSignal; bar: Progress },
): AsyncGenerator<FileResult<T>> {
  const total = files.length;
  const onProgress = ({ done }: { done: number }) => bar.update(done, total);
  yield* eachFile(files, (file, ended) => job(sourceOf(file), ended), {
    signal,
    onProgress,
  });
}

/** `onlyhashes hash`: a line a file, as the PDQ reference's own tool prints it, or JSON. */
export const hashCommand: Command = {
  name: 'hash',
  usage: 'FILE…',
  about:
    'Hash pictures: a line HASH,QUALITY,FILE for each, in their order. Folders are walked, hidden pictures and linked folders too; - is standard input.',
  options: {
    ...HASH_OPTIONS,
    crops: {
      about: 'also hash nine crops, for a list that is to catch cropped copies (--json)',
      needs: { json: [], orientation: ['display'] },
    },
    json: {
      about:
        'one JSON object a line, with the variants; fileBytes is the name in hex, if it is not UTF-8',
    },
  },
  examples: [
    ['onlyhashes hash photo.jpg', 'one picture'],
    ['onlyhashes hash --json uploads/', 'a folder, with variants and sizes'],
    ['curl -s https://example.org/a.jpg | onlyhashes hash -', 'from standard input'],
  ],
  minWords: 1,
  async run(call, signal) {
    const bar = progress('hashing');
    const out = output(bar);
    const files = await listed(call.words, { out, signal });
    const options = { ...hashOptions(call), crops: call.on('crops') };
    const job = (source: Source, ended: AbortSignal) =>
      hashFile(source, { ...options, signal: ended });
    for await (const { file, value: image, error } of eachPicture(files, job, { signal, bar })) {
      if (error) {
        if (call.on('json')) {
          const { code, message } = error;
          await out.line(JSON.stringify({ ...fileToJSON(file), error: { code, message } }));
        }
        out.error(file, error.message);
      } else if (call.on('json')) {
        await out.line(JSON.stringify({ ...fileToJSON(file), ...imageToJSON(image) }));
      } else {
        await out.line(`${hashToHex(image.hash)},${image.quality ?? ''},${file}`);
      }
    }
    bar.clear();
    return exitCode(out.errors, out.lines);
  },
};

function imageToJSON({ hash, quality, resample, width, height, variants }: HashedFile) {
  return {
    ...hashToJSON(hash),
    ...(quality === undefined ? {} : { quality }),
    ...(resample === undefined ? {} : { resample }),
    width,
    height,
    variants: variants.map(variantToJSON),
  };
}

function variantToJSON({ name, hash, quality, geometry }: HashedVariant) {
  return {
    name,
    hash: hashToHex(hash),
    ...(quality === undefined ? {} : { quality }),
    ...(geometry === undefined ? {} : { geometry }),
  };
}
