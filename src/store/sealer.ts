import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StoreError } from './sql/store-error.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts texts with AES-256-GCM before they go to the database, which never has the key. Each is
 * bound to its store and its name: under another name or in another store it cannot be decrypted.
 */
export class Sealer {
  readonly #store: string;
  readonly #key: Uint8Array | undefined;

  /**
   * @param store its id
   * @param key 32 bytes; without it, nothing can be sealed or opened
   * @throws {TypeError} if `key` is not 32 bytes
   */
  constructor(store: string, key: Uint8Array | undefined) {
    if (key !== undefined && !(key instanceof Uint8Array && key.length === KEY_BYTES)) {
      throw new TypeError(`expected key to be ${KEY_BYTES} bytes`);
    }
    this.#store = store;
    this.#key = key?.slice();
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** @throws {TypeError} if there is no key */
  seal(name: string, text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#usedKey(), nonce);
    cipher.setAAD(this.#bound(name));
    const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), hidden]);
  }

  /**
   * @throws {StoreError} `wrong-key` if it was sealed with another key, or is incomplete
   * @throws {TypeError} if there is no key
   */
  open(name: string, sealed: Uint8Array): string {
    const key = this.#usedKey();
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(this.#bound(name)).setAuthTag(tag);
      const hidden = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([cipher.update(hidden), cipher.final()]).toString('utf8');
    } catch {
      throw new StoreError('wrong-key', 'expected the key that it was stored with');
    }
  }

  #usedKey(): Uint8Array {
    if (this.#key === undefined) throw new TypeError('expected a store opened with a key');
    return this.#key;
  }

  #bound(name: string): Buffer {
    return Buffer.from(JSON.stringify([this.#store, name]));
  }
}
