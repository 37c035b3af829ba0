import { checkArray } from '../door.js';
import { DecodeError, FormatError } from '../errors.js';
import { bundleText } from './bundle.js';
import type { Bundle } from './bundle-shape.js';
import { type ReadBundleOptions, readBundle } from './read-bundle.js';

/**
 * A bundle that only the receiver can read: its text as an age file (age-encryption.org/v1) to their public key. Its
 * size is that of the bundle's size class and a constant. The optional package `age-encryption` is loaded on first use.
 * @param recipient the receiver's public key, `age1…`
 * @throws {TypeError} if `bundle` is none
 * @throws {RangeError} if `recipient` is no such key
 * @throws {DecodeError} `decoder-missing` where age-encryption is not installed
 */
export async function sealBundle(bundle: Bundle, recipient: string): Promise<Uint8Array> {
  const text = bundleText(bundle);
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  try {
    // It takes an object for a key of its own making.
    encrypter.addRecipient(String(recipient));
  } catch {
    // Without its cause, which could quote what was given: a secret key perhaps.
    throw new RangeError("expected the receiver's public key, age1…");
  }
  return encrypter.encrypt(text);
}

/**
 * The bundle in an age file.
 * @param identity the receiver's secret key, `AGE-SECRET-KEY-…`
 * @throws {TypeError} if `sealed` is no bytes
 * @throws {RangeError} if `identity` is no such key
 * @throws {FormatError} `bad-seal` if the file is no age file, is damaged or is for another key; as `readBundle` for what
 *   is in it
 * @throws {DecodeError} `decoder-missing` where age-encryption is not installed
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
    throw new FormatError('bad-seal', 'expected an age file, whole and sealed to this key', {
      cause,
    });
  }
  return readBundle(bytes, options);
}

async function age() {
  try {
    return await import('age-encryption');
  } catch (cause) {
    throw new DecodeError('decoder-missing', 'sealing needs age-encryption: npm i age-encryption', {
      cause,
    });
  }
}
