import { checkNumber, checkOptions, wrongKind } from '../door.js';
import { FormatError } from '../errors.js';

/** 16 MiB: about 100,000 hashes. */
export const MAX_BYTES = 16 * 2 ** 20;

/** Limits on the size of a text. */
export interface TextLimits {
  /** default 16 MiB */
  maxBytes?: number;
}

/**
 * The text of `input`, which must be UTF-8.
 * @throws {TypeError | RangeError} if the input or the limit is invalid
 * @throws {FormatError} `bad-length` beyond `maxBytes`; `bad-bundle` if it is not UTF-8
 */
export function textOf(input: string | Uint8Array, limits: TextLimits): string {
  checkOptions(limits);
  const { maxBytes = MAX_BYTES } = limits;
  checkNumber('maxBytes', maxBytes, 1);
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    wrongKind('a text or its bytes');
  }
  if (input.length > maxBytes) {
    throw new FormatError('bad-length', `expected at most ${maxBytes} bytes, got ${input.length}`);
  }
  if (typeof input === 'string') return input;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input);
  } catch {
    throw new FormatError('bad-bundle', 'expected UTF-8 text');
  }
}

/** Parses JSON. The engine's own error is dropped, since it quotes the text. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError('bad-bundle', 'expected JSON');
  }
}

/**
 * @throws {FormatError} if `holds` is false; the message names the member and the rule, never the
 *   value
 */
export function check(holds: boolean, where: string, must: string): void {
  if (!holds) throw new FormatError('bad-bundle', `expected ${where} to ${must}`);
}

/** Reads a caller's argument. @throws {TypeError} `expected ${what}`, if `read` throws */
export function given<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch {
    wrongKind(`${what}`);
  }
}

/**
 * The object at `where`, checked to have all of `required`, any of `optional` and no other member.
 */
export function members(
  value: unknown,
  where: string,
  required: readonly string[],
  optional: readonly string[],
): Record<string, unknown> {
  const name = where || 'the file';
  check(typeof value === 'object' && value !== null && !Array.isArray(value), name, 'be an object');
  const object = value as Record<string, unknown>;
  for (const key of required) check(Object.hasOwn(object, key), name, `have "${key}"`);
  check(
    Object.keys(object).every((key) => required.includes(key) || optional.includes(key)),
    name,
    `have only ${[...required, ...optional].join(', ')}`,
  );
  return object;
}

/** The hex digits at `where`, in lower case: exactly `digits` of them, else at least one. */
export function hexDigits(value: unknown, where: string, digits?: number): string {
  const hex = typeof value === 'string' && /^[0-9a-f]+$/i.test(value) ? value.toLowerCase() : '';
  check(
    digits ? hex.length === digits : hex !== '',
    where,
    `be ${digits ? `${digits} ` : ''}hex digits`,
  );
  return hex;
}

/** The items of the list at `where`, each read by `item`. The list must not be empty. */
export function listOf<T>(
  value: unknown,
  where: string,
  item: (value: unknown, where: string) => T,
): T[] {
  check(Array.isArray(value) && value.length > 0, where, 'be a non-empty list');
  return (value as unknown[]).map((one, i) => item(one, `${where}[${i}]`));
}
