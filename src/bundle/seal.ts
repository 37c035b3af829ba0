import { checkArray, wrongRange } from '../door.js';
import { DecodeError, FormatError } from '../errors.js';
import { bundleText } from './bundle.js';
import type { Bundle } from './bundle-shape.js';

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
    wrongRange("the receiver's public key, age1…");
  }
  return encrypter.encrypt(text);
}

/** The text in an age file, in bytes. @throws as `readBundle` with `identity` */
export async function unsealed(sealed: Uint8Array, identity: string): Promise<Uint8Array> {
  checkArray('sealed', sealed, Uint8Array);
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(String(identity));
  } catch {
    wrongRange("the receiver's secret key, AGE-SECRET-KEY-…");
  }
  try {
    return await decrypter.decrypt(sealed);
  } catch (cause) {
    throw new FormatError('bad-seal', 'expected an undamaged age file, sealed to this key', {
      cause,
    });
  }
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
