import type { Pixels } from '../pixels.js';
import { corrupt } from './corrupt.js';
import { importOptional } from './import-optional.js';

/**
 * The picture of a HEIC file, turned as its own properties say, by the optional package heic-decode, which is imported
 * on the first call.
 * @throws {DecodeError} `decoder-missing` or `corrupt`
 */
export async function decodeHeic(bytes: Uint8Array): Promise<Pixels> {
  const decode = await importOptional('heic-decode', 'HEIC', async () => {
    return (await import('heic-decode')).default;
  });
  try {
    return await decode({ buffer: bytes });
  } catch (cause) {
    throw corrupt('heic', cause);
  }
}
