import type { DisplayedPixels } from '../browser/index.js';

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

/** What the Worker answers to a picture's pixels: its copies as JPEG files. */
export type CopiesReply = { copies: Record<CopyName, Blob> } | { failed: true };

/** The pixels that it is given, which are its own from then on. */
export type CopiesRequest = DisplayedPixels;

/** The copies in what the Worker answered; `undefined` if that is not all of them and nothing else. */
export function copiesIn(reply: unknown): Record<CopyName, Blob> | undefined {
  const { copies } = (reply ?? {}) as { copies?: Record<string, unknown> };
  if (typeof copies !== 'object' || copies === null) return undefined;
  const whole = COPY_NAMES.every((name) => copies[name] instanceof Blob);
  return whole && Object.keys(copies).length === COPY_NAMES.length
    ? (copies as Record<CopyName, Blob>)
    : undefined;
}
