import { type DecodeErrorCode, endWorkers, type HashedFile } from '../browser/index.js';
import type { Bundle } from '../submission/index.js';
import { endCopies, type MeasuredCopy } from './copies.js';
import { forgetSaved } from './saving.js';

/** Why a file has no numbers. `heic`: neither the browser nor the page has a decoder for it. */
export type Problem = DecodeErrorCode | 'heic' | 'video';

/** One picture that was chosen. Its file name is never read. */
export interface Picture {
  readonly number: number;
  readonly file: Blob;
  readonly image?: HashedFile;
  /** why it has no hash, where that has a name */
  readonly error?: Problem;
  /** what would come of the changed copies; `unmeasured` where the browser does not let us */
  copies?: readonly MeasuredCopy[] | 'unmeasured';
}

/** A picture that has its hash. */
export type HashedPicture = Picture & { readonly image: HashedFile };

/** The file that was made, with its code. */
interface Made {
  readonly bundle: Bundle;
  readonly withdrawToken: string;
  /** what it is made of */
  readonly images: readonly HashedFile[];
  /** whether the browser was asked to save it */
  saved: boolean;
}

/** All that the page knows, in memory alone. */
interface Session {
  pictures: Picture[];
  /** the last number that a picture was given: none is given twice */
  numbered: number;
  made?: Made;
}

/** What the page holds now. */
export const session: Session = { pictures: [], numbered: 0 };

/** The pictures that have a hash. */
export const hashedPictures = (): HashedPicture[] =>
  session.pictures.filter((picture): picture is HashedPicture => picture.image !== undefined);

/** Whether the file that was made is of the pictures that there are now. */
export function isMadeOfThese(): boolean {
  const images = hashedPictures().map(({ image }) => image);
  const before = session.made?.images;
  return before?.length === images.length && images.every((image, i) => image === before[i]);
}

/** Lets go of everything: pictures, hashes, file, code, Workers. */
export function clearSession(): void {
  session.pictures = [];
  session.numbered = 0;
  delete session.made;
  forgetSaved();
  endWorkers();
  endCopies();
}
