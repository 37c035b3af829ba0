/** The changed copies that are made, mildest first. */
export const COPY_NAMES = [
  'jpeg30',
  'half',
  'caption',
  'mirror',
  'crop5',
  'crop10',
  'crop20',
] as const;

/** One kind of changed copy. */
export type CopyName = (typeof COPY_NAMES)[number];

/** What is asked of the Worker: a picture file, and what to make of it. */
export interface CopiesRequest {
  bytes: ArrayBuffer;
  wanted: 'copies' | 'blurred';
}

/** What it answers. */
export type CopiesReply =
  | { copies: Record<CopyName, ArrayBuffer> }
  | { blurred: ArrayBuffer }
  | { failed: true };
