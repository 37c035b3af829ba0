import { checkOptions, checkTypeOf } from '../door.js';
import { type WrittenBundle, written } from './bundle.js';
import { bundleOf, checkOf } from './bundle-shape.js';
import { sizeClass } from './padding.js';
import { unsealed } from './seal.js';
import { check, parsed, type TextLimits, textOf } from './strict-json.js';

/** Options of `readBundle`. */
export interface ReadBundleOptions extends TextLimits {
  /**
   * also reject a text that is not padded to its size class, since its size would reveal the number
   * of its hashes; default false
   */
  padded?: boolean;
  /**
   * the receiver's secret key, `AGE-SECRET-KEY-…`: the input is the bytes of a bundle that was
   * sealed to it, and the result a promise
   */
  identity?: string | undefined;
}

/**
 * Reads a bundle, in any spelling of JSON and either case of hex. It is checked down to the last
 * member, and members outside the schema are rejected. Hashes of unknown algorithms are in
 * `unknown`. With `identity`, a sealed bundle is decrypted first.
 * @param input the text of a bundle or its UTF-8, or, with `identity`, the bytes of a sealed one
 * @returns the bundle, and its `text` as in the result of `createBundle`
 * @throws {TypeError | RangeError} if the input or an option is invalid
 * @throws {FormatError} `bad-bundle` if it is not a bundle, or a member is missing, unknown or
 *   malformed (the message names the member, never its value), or its check shows damage;
 *   `bad-version`; `bad-length` if it has more than `maxBytes`; `bad-seal` if it is not an age
 *   file, is damaged or is sealed to another key
 * @throws {DecodeError} `decoder-missing` if `identity` is given, and age-encryption is not
 *   installed
 */
export function readBundle(
  input: string | Uint8Array,
  options?: ReadBundleOptions & { identity?: undefined },
): WrittenBundle;
export function readBundle(
  input: Uint8Array,
  options: ReadBundleOptions & { identity: string },
): Promise<WrittenBundle>;
export function readBundle(
  input: string | Uint8Array,
  options: ReadBundleOptions = {},
): WrittenBundle | Promise<WrittenBundle> {
  checkOptions(options);
  const { identity } = options;
  if (identity === undefined) return readText(input, options);
  return (async () => readText(await unsealed(input as Uint8Array, identity), options))();
}

function readText(input: string | Uint8Array, options: ReadBundleOptions): WrittenBundle {
  const text = textOf(input, options);
  const { padded } = options;
  checkTypeOf('padded', padded, 'boolean');
  const value = parsed(text);
  const bundle = bundleOf(value);
  check(bundle.check === checkOf(value as object), 'check', 'fit the others: the file is damaged');
  if (padded) {
    // A text that passed the checks is ASCII, so its length is its size in bytes.
    const bare = input.length - bundle.padding.length;
    check(input.length === sizeClass(bare), 'padding', 'fill the size class');
  }
  return written(bundle);
}
