import { checkArray } from '../door.js';
import { DecodeError, FormatError } from '../errors.js';
import { bundleText } from './bundle.js';
import type { Bundle } from './bundle-shape.js';
import { type ReadBundleOptions, readBundle } from './read-bundle.js';

/**
 * Encrypts a bundle to the receiver's public key, as an age file (age-encryption.org/v1) of its
 * text. The size is that of the bundle's size class plus a constant. The optional package
 * `age-encryption` is loaded on first use.
 * @param recipient the receiver's public key, `age1…`
 * @throws {TypeError} if `bundle` is not a bundle
 * @throws {RangeError} if `recipient` is not such a key
 * @throws {DecodeError} `decoder-missing` if age-encryption is not installed
 */
export async function sealBundle(bundle: Bundle, recipient: string): Promise<Uint8Array> {
  const text = bundleText(bundle);
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  try {
    // The package accepts any object as a custom Recipient.
    encrypter.addRecipient(String(recipient));
  } catch {
    // No cause: it could quote the argument, which may be a secret key.
    throw new RangeError("expected the receiver's public key, age1…");
  }
  return encrypter.encrypt(text);
}

/**
 * Decrypts and reads the bundle in an age file.
 * @param identity the receiver's secret key, `AGE-SECRET-KEY-…`
 * @throws {TypeError} if `sealed` is not a Uint8Array
 * @throws {RangeError} if `identity` is not such a key
 * @throws {FormatError} `bad-seal` if the file is not an age file, is damaged or is sealed to
 *   another key; for its content, as `readBundle`
 * @throws {DecodeError} `decoder-missing` if age-encryption is not installed
 */
export async function unsealBundle(
  sealed: Uint8Array,
  identity: string,
  options: ReadBundleOptions = {},
): Promise<Bundle> {
  checkArray('sealed', sealed, Uint8Array);
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(String(identity));
  } catch {
    throw new RangeError("expected the receiver's secret key, AGE-SECRET-KEY-…");
  }
  let bytes: Uint8Array;
  try {
    bytes = await decrypter.decrypt(sealed);
  } catch (cause) {
    throw new FormatError('bad-seal', 'expected an undamaged age file, sealed to this key', {
      cause,
    });
  }
  return readBundle(bytes, options);
}

async function age() {
  try {
    return await import('age-encryption');
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      'sealing needs age-encryption: npm install age-encryption',
      {
        cause,
      },
    );
  }
}
