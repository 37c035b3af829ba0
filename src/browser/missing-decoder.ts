import { DecodeError } from '../errors.js';

/**
 * What is said where an optional decoder is not part of the page. Its `import()` stands in a `try` of its own: bundlers
 * then go on without a package that is not installed.
 * @param format as people know it
 */
export function missingDecoder(name: string, format: string, cause?: unknown): DecodeError {
  return new DecodeError(
    'decoder-missing',
    `this browser reads no ${format}, and the optional package ${name} is not part of this page: save the picture as JPEG or PNG`,
    cause === undefined ? undefined : { cause },
  );
}
