import { endWorkers, type HashedFile } from '../../browser/index.js';
import {
  type DecodeErrorCode,
  type HashedImage,
  type HashedVariant,
  type Listing,
  listedPicture,
  type WrittenBundle,
} from '../../index.js';
import { endCopies } from '../copies.js';
import { forgetSaved } from './saving.js';

/** Reasons for a file to have no hash. `heic`: neither the browser nor the page can decode it. */
export type Problem = DecodeErrorCode | 'heic' | 'video';

/** A chosen file. Its name is never read. */
export interface Picture {
  readonly number: number;
  readonly file: Blob;
  readonly image?: HashedFile;
  /** reason for which it has no hash, if known */
  readonly error?: Problem;
  /** the part of a screenshot that goes into the file; by default the pictures in it */
  listing: Listing;
  /** true once she has answered */
  isChosen?: boolean;
  /** its numbers for copies cut to another shape, once they are made */
  shapes?: readonly HashedVariant[];
  /** the SHA-256 of a video, in hex, if she includes it */
  digest?: string;
}

/** A picture with a hash. */
export type HashedPicture = Picture & { readonly image: HashedFile };

/** The file that was made, with its code. */
interface Made {
  readonly bundle: WrittenBundle;
  readonly withdrawToken: string;
  /** what it was made of, as `contentOf` describes it */
  readonly of: string;
  /** whether the browser was asked to save it */
  isSaved: boolean;
  /** true if the service has it */
  isSent: boolean;
  /** whether she ticked that the code is written down */
  isWritten: boolean;
  /** whether an earlier file, with another code, was saved */
  readonly isSecond: boolean;
}

/** The whole state of the page, in memory only. */
interface Session {
  pictures: Picture[];
  /** whether there are to be more numbers, for copies cut to another shape; absent: not asked */
  shapes?: boolean;
  /** the last number given to a picture; none is given twice */
  numbered: number;
  made?: Made;
}

/** The session of this page. */
export const session: Session = { pictures: [], numbered: 0 };

/** The pictures that have a hash. */
export const hashedPictures = (): HashedPicture[] =>
  session.pictures.filter((picture): picture is HashedPicture => picture.image !== undefined);

/** The pictures in a screenshot; none in any other picture. */
export const innerOf = ({ image }: Picture) =>
  image?.variants.filter(({ name }) => name === 'inner') ?? [];

/** What goes into the file of a picture: it, or those in it. */
export function listedOf({ image, listing, shapes = [] }: HashedPicture): HashedImage {
  const variants = session.shapes ? [...image.variants, ...shapes] : image.variants;
  return listedPicture({ ...image, variants }, listing);
}

/** True if the whole picture goes into the file. */
export const isWhole = (picture: Picture): boolean =>
  picture.listing !== 'inner' || innerOf(picture).length === 0;

const isIncluded = ({ image, digest }: Picture): boolean =>
  image !== undefined || digest !== undefined;

/** True if there is anything to make a file of. */
export const hasContent = (): boolean => session.pictures.some(isIncluded);

/** What a file would be made of now: the pictures, and her choices. */
export const contentOf = (): string =>
  JSON.stringify([
    session.shapes === true,
    ...session.pictures
      .filter(isIncluded)
      .map(({ number, listing, digest }) => [number, listing, digest]),
  ]);

/** True if leaving the page would lose pictures, or a file that is neither saved nor sent. */
export function isUnsaved(): boolean {
  const { isSaved, isSent, isWritten, of } = session.made ?? {};
  const isKept = (isSaved || (isSent && isWritten)) && of === contentOf();
  return session.pictures.length > 0 && !isKept;
}

/** Forgets everything: the pictures, the hashes, the file and its code. Ends the Workers. */
export function clearSession(): void {
  session.pictures = [];
  session.numbered = 0;
  delete session.shapes;
  delete session.made;
  forgetSaved();
  endWorkers();
  endCopies();
}
