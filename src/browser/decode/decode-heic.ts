import { corrupt } from '../../formats/image-format.js';
import type { Pixels } from '../../pixels.js';
import { missingDecoder } from './load-decoder.js';

/**
 * The picture of a HEIC file, turned as its own properties state, by the optional package
 * heic-decode. The package is imported on the first call.
 * @throws {DecodeError} `decoder-missing` or `corrupt`
 */
export async function decode(bytes: Uint8Array): Promise<Pixels> {
  let heicDecode: typeof import('heic-decode').default | undefined;
  try {
    heicDecode = (await import('heic-decode')).default;
  } catch (cause) {
    throw missingDecoder('heic-decode', 'HEIC', cause);
  }
  if (!heicDecode) throw missingDecoder('heic-decode', 'HEIC');
  try {
    return await heicDecode({ buffer: bytes });
  } catch (cause) {
    throw corrupt('heic', cause);
  }
}
