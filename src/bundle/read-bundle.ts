import { checkTypeOf } from '../door.js';
import { type Bundle, bundleOf } from './bundle-shape.js';
import { sizeClass } from './padding.js';
import { check, parsed, type TextLimits, textOf } from './strict-json.js';

/** Options of `readBundle`. */
export interface ReadBundleOptions extends TextLimits {
  /**
   * also refuse a text that is not padded to its size class, since its size would tell how many
   * hashes it has; default false
   */
  padded?: boolean;
}

/**
 * Reads a bundle, in any spelling of JSON and either case of hex. It is checked down to the last
 * member, and members outside the schema are refused. Hashes of unknown algorithms are in
 * `unknown`.
 * @throws {TypeError | RangeError} if the input or an option is invalid
 * @throws {FormatError} `bad-bundle` if it is not a bundle, or a member is missing, unknown or
 *   malformed (the message names the member, never its value); `bad-version`; `bad-length` if it
 *   has more than `maxBytes`
 */
export function readBundle(input: string | Uint8Array, options: ReadBundleOptions = {}): Bundle {
  const text = textOf(input, options);
  const { padded } = options;
  checkTypeOf('padded', padded, 'boolean');
  const bundle = bundleOf(parsed(text));
  if (padded) {
    // A text that passed the checks is ASCII, so its length is its size in bytes.
    const bare = input.length - bundle.padding.length;
    check(input.length === sizeClass(bare), 'padding', 'fill the size class');
  }
  return bundle;
}
