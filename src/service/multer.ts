import { Readable } from 'node:stream';
import { checkObject } from '../door.js';
import { type FileStream, keptFile } from './form-file.js';
import { Scanner, type ScanOptions } from './scanner.js';

/** What this needs of multer's file. */
export interface MulterFile {
  stream: FileStream;
}

/** Multer's contract of a storage. */
export interface StorageEngine<Request, File> {
  /** Stores a file, and calls back with what there is to tell of it. */
  _handleFile(
    request: Request,
    file: File,
    callback: (error?: unknown, info?: Partial<File>) => void,
  ): void;
  /** Removes a file that was stored. */
  _removeFile(request: Request, file: File, callback: (error: Error | null) => void): void;
}

/**
 * A storage for multer that checks each file before another storage gets it: nothing of a refused
 * file is stored. Multer then gives an `UploadRefused` to the error handler, whose `status` Express
 * answers with, and removes the other files of the form. What multer cut at its own
 * `limits.fileSize` is refused, never checked as a whole. Files are held in memory until they are
 * checked, up to `maxBytes` each. What is accepted without a check is not: the storage gets it as
 * it comes, and is told to remove it if its end does not come.
 * @throws {TypeError | RangeError} if the storage or an option is missing or invalid
 * @example
 * const storage = checkedStorage(multer.diskStorage({ destination }), {
 *   blocklist,
 *   onError: 'refuse',
 * });
 * app.post('/upload', multer({ storage }).single('photo'), (request, response) => …);
 */
export function checkedStorage<Request, File extends MulterFile>(
  storage: StorageEngine<Request, File>,
  options: ScanOptions<{ readonly request: Request; readonly file: File }>,
): StorageEngine<Request, File> {
  checkObject(storage, 'a storage of multer');
  if (typeof storage._handleFile !== 'function' || typeof storage._removeFile !== 'function') {
    throw new TypeError('expected a storage of multer');
  }
  const scanner = new Scanner(options);

  async function store(request: Request, file: File): Promise<Partial<File> | undefined> {
    const handle = async (chunks: AsyncIterable<Uint8Array>) => {
      const stream = Readable.from(chunks, { objectMode: false });
      // As multer defines it: it keeps the file itself, and looks at it again.
      Object.defineProperty(file, 'stream', { configurable: true, value: stream });
      return await called<Partial<File> | undefined>((done) =>
        storage._handleFile(request, file, done),
      );
    };
    const remove = async (info: Partial<File> | undefined) =>
      await called<void>((done) => storage._removeFile(request, { ...file, ...info }, done));
    const upload = { request, file };
    return await keptFile(scanner, { stream: file.stream, upload }, handle, remove);
  }

  return {
    _handleFile(request, file, callback) {
      store(request, file).then(
        (info) => callback(null, info),
        (error: unknown) => callback(error),
      );
    },
    _removeFile(request, file, callback) {
      storage._removeFile(request, file, callback);
    },
  };
}

const called = <T>(call: (done: (error?: unknown, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
