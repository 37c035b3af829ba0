import { checkTypeOf } from '../door.js';
import { type Bundle, bundleOf } from './bundle-shape.js';
import { sizeClass } from './padding.js';
import { check, parsed, type TextLimits, textOf } from './strict-json.js';

/** How a bundle is read. */
export interface ReadBundleOptions extends TextLimits {
  /** also refuse a text that is not padded to its size class: its size would tell how many hashes it has */
  padded?: boolean;
}

/**
 * The bundle that `input` writes, in any spelling of JSON and either case of hex, checked to the last member: what its
 * schema does not name it must not hold. Hashes of algorithms that are not known here are in `unknown`.
 * @throws {TypeError | RangeError} if the input or an option is invalid
 * @throws {FormatError} `bad-bundle` (no bundle, or a member missing, unknown or malformed: the message names the member,
 *   never its value), `bad-version`, or `bad-length` where it has more than `maxBytes`
 */
export function readBundle(input: string | Uint8Array, options: ReadBundleOptions = {}): Bundle {
  const text = textOf(input, options);
  const { padded } = options;
  checkTypeOf('padded', padded, 'boolean');
  const bundle = bundleOf(parsed(text));
  if (padded) {
    // A text that is read is ASCII: its length is that of its bytes.
    const bare = input.length - bundle.padding.length;
    check(input.length === sizeClass(bare), 'padding', 'fill the size class');
  }
  return bundle;
}
