// The hook `onUploadFinish` of `@tus/server`, which checks an upload once its last part has come.
import { Readable } from 'node:stream';
import { createUploadScanner } from 'onlyhashes/server';

/** @typedef {import('@tus/server').Upload} Upload */
/** @typedef {{ read(id: string): Readable | Promise<Readable> }} Reading `FileStore`, `S3Store` */

/**
 * An upload that is refused, or whose check fails, is removed from the datastore before the client
 * is answered: a client that asks for the offset of a whole upload takes it for accepted.
 * @param {Pick<import('@tus/server').DataStore, 'remove' | 'getUpload'> & Reading} store
 * @param {import('onlyhashes/server').ScanOptions<{ request: Request, upload: Upload }>} options
 */
export function createTusCheck(store, options) {
  const scanner = createUploadScanner(options);
  /** @param {Request} request @param {Upload} upload */
  return async (request, upload) => {
    try {
      const stream = await store.read(upload.id);
      // It tells how long the upload is, so that nothing is read of one that is too long.
      const headers = { 'content-length': String(upload.size) };
      const body = /** @type {ReadableStream<any>} */ (Readable.toWeb(stream));
      const source = new Response(body, { headers });
      await scanner.check(source, { request, upload }).finally(() => stream.destroy());
      return {};
    } catch (error) {
      await store.remove(upload.id).catch(async (reason) => {
        // The last part may come twice, and one of two checks finds the upload gone.
        const found = store.getUpload(upload.id).then(() => true);
        if (await found.catch(() => false)) throw reason;
      });
      throw error;
    }
  };
}
