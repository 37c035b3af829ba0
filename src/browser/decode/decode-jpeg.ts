/*! Contains mozjpeg in WebAssembly, by @jsquash/jpeg: Apache-2.0; mozjpeg: IJG and BSD-3-Clause. */
import factory from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import wasm from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import type { Pixels } from '../../pixels.js';
import { compiled, instantiated } from './load-decoder.js';

interface Decoder {
  decode(bytes: Uint8Array, preserveOrientation: boolean): ImageData | null;
}

/** Pixels of a JPEG file as stored, without a canvas; not for CMYK. */
export async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const { decode } = await instantiated<Decoder>(factory, await compiled(wasm));
  const decoded = decode(bytes, false);
  if (!decoded) throw new Error('no picture');
  return decoded;
}
