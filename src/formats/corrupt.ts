import { DecodeError } from '../errors.js';
import type { ImageFormat } from './image-format.js';

/** What a file of a known format that breaks off or contradicts itself is answered with. */
export function corrupt(format: ImageFormat, cause?: unknown): DecodeError {
  const message = `the ${format} file breaks off or contradicts itself`;
  return new DecodeError('corrupt', message, cause === undefined ? undefined : { cause });
}
