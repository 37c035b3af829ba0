import { DecodeError } from '../../errors.js';

/** Its declarations are not published: they would need sharp's own, which may be missing. */
export type Sharp = typeof import('sharp').default;

/**
 * sharp, imported on the first call.
 * @throws {DecodeError} `decoder-missing` if it is not installed, or does not load
 */
export async function importSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      isNotFound(cause)
        ? 'decoding images in Node needs the optional package sharp: npm install sharp'
        : 'sharp is installed but cannot be loaded: npm install --include=optional sharp',
      { cause },
    );
  }
}

/** Without its optional packages, sharp is found but throws its own error. */
const isNotFound = (error: unknown) => {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  // Workerd's error has no code.
  return /MODULE_NOT_FOUND$/.test(String(code)) || /^No such module/.test(String(message));
};
