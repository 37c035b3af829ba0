import type { Readable } from 'node:stream';
import { checkObject } from '../door.js';
import { DecodeError } from '../errors.js';
import { Scanner, type ScanOptions, UploadRefused } from './scanner.js';

/** What this needs of an upload of `@tus/server`. */
export interface TusUpload {
  readonly id: string;
  /** bytes, once they are known */
  readonly size?: number | undefined;
}

type TusStream = Readable | ReadableStream<Uint8Array>;

/** What this needs of a datastore of `@tus/server`: `FileStore` and `S3Store` have it. */
export interface TusStore {
  /** The bytes of an upload. */
  read(id: string): TusStream | Promise<TusStream>;
  /** Removes an upload. */
  remove(id: string): Promise<unknown>;
  /** rejects if there is no such upload */
  getUpload(id: string): Promise<unknown>;
}

/**
 * The hook `onUploadFinish` of `@tus/server`, which checks an upload once its last part has come,
 * however often it was resumed. What is refused is removed from the datastore before the client is
 * answered: by its status, as the other adapters do, and no more, since the answer goes to whoever
 * uploads. It is removed if the queue is full too, and if `onDecision` or `check` throws: a client
 * that asks for the offset of a whole upload takes it for accepted.
 *
 * Take uploads from this hook alone, as the example does, not by their offset: between the last
 * part and the end of the check the upload is whole and not checked, and `@tus/server` gives it to
 * whoever asks for its address with GET. All uploads are checked: those of more than `maxBytes` are
 * refused, so call it for pictures alone if there are others.
 * @returns the hook rejects with an `UploadRefused`, with what `onDecision` or `check` throws, or
 *   with the datastore's error if a refused upload could not be removed
 * @throws {TypeError | RangeError} if the datastore or an option is missing or invalid
 * @example
 * const check = createTusCheck(datastore, { blocklist, onError: 'refuse' });
 * const server = new Server({
 *   path: '/files',
 *   datastore,
 *   onUploadFinish: async (request, upload) => {
 *     await check(request, upload);
 *     await publish(upload);
 *     return {};
 *   },
 * });
 */
export function createTusCheck<Request, Upload extends TusUpload>(
  datastore: TusStore,
  options: ScanOptions<{ readonly request: Request; readonly upload: Upload }>,
): (request: Request, upload: Upload) => Promise<Record<string, never>> {
  checkObject(datastore, 'a datastore of tus');
  for (const method of ['read', 'remove', 'getUpload'] as const) {
    if (typeof datastore[method] !== 'function') {
      throw new TypeError('expected a datastore of tus that reads and removes');
    }
  }
  const scanner = new Scanner(options);

  async function outcomeOf(request: Request, upload: Upload) {
    const told = { request, upload };
    if (upload.size !== undefined && upload.size > scanner.maxBytes) {
      return await scanner.notChecked(new DecodeError('too-many-bytes', 'too many bytes'), told);
    }
    const stream = await datastore.read(upload.id);
    // A file that is removed while its stream is being opened would end the process. Whoever reads
    // the stream is told all the same.
    if ('on' in stream) stream.on('error', () => {});
    try {
      return await scanner.scan(stream, told);
    } finally {
      discard(stream);
    }
  }

  return async (request, upload) => {
    checkObject(upload, 'an upload of tus: { id }');
    if (typeof upload.id !== 'string') throw new TypeError('expected upload.id to be a string');
    try {
      const outcome = await outcomeOf(request, upload);
      if (!outcome.keep) throw new UploadRefused(outcome);
      return {};
    } catch (error) {
      await removed(datastore, upload.id);
      throw error;
    }
  };
}

/** A full queue and a check of its own leave a stream unread, with its file open. */
function discard(stream: TusStream): void {
  if ('destroy' in stream) stream.destroy();
  else if (!stream.locked) stream.cancel().catch(() => {});
}

/** The last part may come twice, and one of two checks finds the upload gone. */
async function removed(datastore: TusStore, id: string): Promise<void> {
  try {
    await datastore.remove(id);
  } catch (error) {
    const isLeft = await datastore.getUpload(id).then(
      () => true,
      () => false,
    );
    if (isLeft) throw error;
  }
}
