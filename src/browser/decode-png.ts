/*! Contains the png crate in WebAssembly, by @jsquash/png: Apache-2.0; png: MIT or Apache-2.0. */
import { decode as decodePng, initSync } from '@jsquash/png/codec/pkg/squoosh_png.js';
import wasm from '@jsquash/png/codec/pkg/squoosh_png_bg.wasm';
import type { Pixels } from '../pixels.js';
import { compiled } from './compiled.js';

/** Pixels of a PNG file as stored, alpha straight, 16-bit samples by their high byte, without a canvas. */
export async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  initSync(await compiled(wasm));
  return decodePng(bytes);
}
