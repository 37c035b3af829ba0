import { type DecodeErrorCode, endWorkers, type HashedFile } from '../browser/index.js';
import type { Bundle } from '../submission/index.js';
import { type CopyDistance, endCopies } from './copies.js';
import { forgetSaved } from './saving.js';

/** One picture that was chosen. Its file name is never read. */
export interface Picture {
  readonly number: number;
  readonly file: Blob;
  readonly image?: HashedFile;
  /** `heic`: one that neither the browser nor the page has a decoder for */
  readonly error?: DecodeErrorCode | 'heic';
  /** the changed copies and how far their hashes are; `unmeasured` where the browser does not let us */
  copies?: readonly CopyDistance[] | 'unmeasured';
}

/** A picture that has its hash. */
export type HashedPicture = Picture & { readonly image: HashedFile };

/** All that the page knows, in memory alone. */
interface Session {
  pictures: Picture[];
  chosen: number;
  made?: { bundle: Bundle; withdrawToken: string };
}

/** What the page holds now. */
export const session: Session = { pictures: [], chosen: 0 };

/** The pictures that have a hash. */
export const hashedPictures = (): HashedPicture[] =>
  session.pictures.filter((picture): picture is HashedPicture => picture.image !== undefined);

/** Lets go of everything: pictures, hashes, file, code, Workers. */
export function clearSession(): void {
  session.pictures = [];
  session.chosen = 0;
  delete session.made;
  forgetSaved();
  endWorkers();
  endCopies();
}
