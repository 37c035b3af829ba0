// A storage for multer that checks each file before another storage gets it.
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createUploadScanner } from 'onlyhashes/server';

/** @typedef {import('express').Request} Request */
/** @typedef {Express.Multer.File} File */

/**
 * Nothing of a refused file is stored. Multer gives an `UploadRefused` to the error handler, and
 * removes the other files of the form. Files are held in memory until they are checked. What is
 * accepted without a check is not: the storage gets it as it comes.
 * @param {import('multer').StorageEngine} storage
 * @param {import('onlyhashes/server').ScanOptions<{ request: Request, file: File }>} options
 * @returns {import('multer').StorageEngine}
 */
export function checkedStorage(storage, options) {
  const scanner = createUploadScanner(options);
  const handle = promisify(storage._handleFile.bind(storage));
  const remove = promisify(storage._removeFile.bind(storage));

  /** @type {(request: Request, file: File) => Promise<Partial<File> | undefined>} */
  const store = (request, file) =>
    scanner.keep(
      file.stream,
      { request, file },
      (chunks) => {
        const value = Readable.from(chunks, { objectMode: false });
        // As multer defines it: it keeps the file itself, and looks at it again.
        Object.defineProperty(file, 'stream', { configurable: true, value });
        return handle(request, file);
      },
      { undo: (info) => remove(request, { ...file, ...info }) },
    );
  return {
    _handleFile: (request, file, done) =>
      void store(request, file).then((info) => done(null, info), done),
    _removeFile: (request, file, done) => storage._removeFile(request, file, done),
  };
}
