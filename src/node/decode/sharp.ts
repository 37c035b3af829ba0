import { DecodeError } from '../../errors.js';

/** Its declarations are not published: they would need sharp's own, which may not be installed. */
export type Sharp = typeof import('sharp').default;

/**
 * sharp, imported on the first call.
 * @throws {DecodeError} `decoder-missing` where it is not installed, or does not load
 */
export async function importSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      isNotFound(cause)
        ? 'decoding images in Node needs the optional package sharp: npm install sharp'
        : 'sharp is installed but does not load: npm install --include=optional sharp',
      { cause },
    );
  }
}

/** Without its optional packages, sharp is found and throws an error of its own. */
const isNotFound = (error: unknown) => {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  // Workerd has no code for it.
  return /MODULE_NOT_FOUND$/.test(String(code)) || /^No such module/.test(String(message));
};
