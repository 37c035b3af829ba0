import { createRequire } from 'node:module';
import type { ImageFormat } from '../../formats/image-format.js';
import { hasKernels } from '../../kernels/simd/arena.js';
import { decodeThreads } from '../pool/start-thread.js';
import { findFfmpeg } from '../video/ffmpeg.js';
import { importSharp } from './sharp.js';

/** The decoders of this machine. */
export interface Decoders {
  /** version of sharp; undefined if it is not installed */
  sharp: string | undefined;
  /** version of libvips, which sharp calls */
  libvips: string | undefined;
  /** files decoded at a time */
  threads: number;
  /** what hashes pictures: WebAssembly SIMD, or JavaScript where it is missing or forbidden */
  hashing: 'simd' | 'javascript';
  /** the decoder of videos, or the reason that there is none */
  ffmpeg: { version: string; path: string } | { missing: string };
  formats: {
    format: ImageFormat;
    readable: boolean;
    /** the library that reads it and its version, if known */
    library: string | undefined;
  }[];
}

/** The libraries of sharp that read each format, by sharp's names. Libvips itself reads GIF. */
const LIBRARIES: Record<Exclude<ImageFormat, 'heic'>, readonly string[]> = {
  jpeg: ['mozjpeg', 'jpeg'],
  png: ['png', 'spng'],
  webp: ['webp'],
  gif: ['vips'],
  tiff: ['tiff'],
  avif: ['heif'],
};

/** The formats that `decode` reads on this machine, with versions. HEIC needs no sharp. */
export async function decoders(): Promise<Decoders> {
  const sharp = await importSharp().catch(() => undefined);
  const versions: Record<string, string | undefined> = sharp?.versions ?? {};
  const formats: Decoders['formats'] = Object.entries(LIBRARIES).map(([name, libraries]) => {
    const format = name as keyof typeof LIBRARIES;
    const loader = sharp?.format[format === 'avif' ? 'heif' : format];
    // The suffixes distinguish AVIF from HEIC, which share a loader in libvips.
    const readable =
      loader?.input.buffer === true && (loader.input.fileSuffix ?? []).includes(`.${format}`);
    const found = libraries.find((library) => versions[library] !== undefined);
    return {
      format,
      readable,
      library: readable && found ? `${found} ${versions[found]}` : undefined,
    };
  });
  const heic = heicDecodeVersion();
  const library = heic && `heic-decode ${heic}`;
  formats.push({ format: 'heic', readable: heic !== undefined, library });
  const { sharp: version, vips: libvips } = versions;
  const hashing = hasKernels() ? 'simd' : 'javascript';
  const [threads, ffmpeg] = [decodeThreads(), await ffmpegHere()];
  return { sharp: version, libvips, threads, hashing, ffmpeg, formats };
}

async function ffmpegHere(): Promise<Decoders['ffmpeg']> {
  try {
    const { ffmpeg: path, version } = await findFfmpeg();
    return { version, path };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

/** Reads package.json: loading the package would compile 1.4 MB of WebAssembly. */
function heicDecodeVersion(): string | undefined {
  try {
    return createRequire(import.meta.url)('heic-decode/package.json').version;
  } catch {
    return undefined;
  }
}
