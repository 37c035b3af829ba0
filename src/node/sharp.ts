import { DecodeError } from '../errors.js';

/** Its declarations are not published: they would need sharp's own, which may not be installed. */
export type Sharp = typeof import('sharp').default;

/**
 * sharp, imported on the first call.
 * @throws {DecodeError} `decoder-missing` where it is not installed
 */
export async function importSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      'decoding images in Node needs the optional package sharp: npm install sharp',
      { cause },
    );
  }
}
