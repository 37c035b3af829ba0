import { DecodeError } from '../errors.js';

/**
 * A decoder that not every page brings along.
 * @param what the format it reads, as people know it
 * @throws {DecodeError} `decoder-missing`, saying how to get it and what else to do
 */
export async function importOptional<T>(
  name: string,
  what: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      `this browser reads no ${what}, and the optional package ${name} is not part of this page: save the picture as JPEG or PNG`,
      { cause },
    );
  }
}
