/*! Contains libwebp in WebAssembly, by @jsquash/webp: Apache-2.0; libwebp: BSD-3-Clause. */
import factory from '@jsquash/webp/codec/dec/webp_dec.js';
import wasm from '@jsquash/webp/codec/dec/webp_dec.wasm';
import type { Pixels } from '../../pixels.js';
import { compiled, instantiated } from './load-decoder.js';

interface Decoder {
  decode(bytes: Uint8Array): ImageData | null;
}

/** Pixels of a WebP file as stored, alpha straight, without a canvas; not for animations. */
export async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const { decode } = await instantiated<Decoder>(factory, await compiled(wasm));
  const decoded = decode(bytes);
  if (!decoded) throw new Error('no picture');
  return decoded;
}
