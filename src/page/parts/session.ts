import { endWorkers, type HashedFile } from '../../browser/index.js';
import type { DecodeErrorCode, WrittenBundle } from '../../index.js';
import { endCopies, type MeasuredCopy } from '../copies.js';
import { forgetSaved } from './saving.js';

/** Reasons for a file to have no hash. `heic`: neither the browser nor the page can decode it. */
export type Problem = DecodeErrorCode | 'heic' | 'video';

/** A chosen picture. Its file name is never read. */
export interface Picture {
  readonly number: number;
  readonly file: Blob;
  readonly image?: HashedFile;
  /** reason for which it has no hash, if known */
  readonly error?: Problem;
  /**
   * whether its changed copies would be found; `unmeasured` if the browser does not allow the test
   */
  copies?: readonly MeasuredCopy[] | 'unmeasured';
}

/** A picture with a hash. */
export type HashedPicture = Picture & { readonly image: HashedFile };

/** The file that was made, with its code. */
interface Made {
  readonly bundle: WrittenBundle;
  readonly withdrawToken: string;
  /** the pictures it was made from */
  readonly images: readonly HashedFile[];
  /** whether the browser was asked to save it */
  saved: boolean;
}

/** The whole state of the page, in memory only. */
interface Session {
  pictures: Picture[];
  /** whether chosen pictures get more numbers, for copies cut to another shape */
  shapes: boolean;
  /** the last number given to a picture; none is given twice */
  numbered: number;
  made?: Made;
}

/** The session of this page. */
export const session: Session = { pictures: [], shapes: false, numbered: 0 };

/** The pictures that have a hash. */
export const hashedPictures = (): HashedPicture[] =>
  session.pictures.filter((picture): picture is HashedPicture => picture.image !== undefined);

/** True if the file was made from exactly the current pictures. */
export function isMadeOfThese(): boolean {
  const images = hashedPictures().map(({ image }) => image);
  const before = session.made?.images;
  return before?.length === images.length && images.every((image, i) => image === before[i]);
}

/** True if leaving the page would lose pictures, or a file that is not saved. */
export const isUnsaved = (): boolean =>
  session.pictures.length > 0 && !(session.made?.saved && isMadeOfThese());

/** Forgets everything: the pictures, the hashes, the file and its code. Ends the Workers. */
export function clearSession(): void {
  session.pictures = [];
  session.shapes = false;
  session.numbered = 0;
  delete session.made;
  forgetSaved();
  endWorkers();
  endCopies();
}
