import type { DisplayedPixels } from '../browser/index.js';

/** The changed copies, mildest first. */
export const COPY_NAMES = [
  'smaller',
  'again',
  'captioned',
  'mirrored',
  'cropped',
  'screenshot',
  'collage',
  'story',
] as const;

/** One kind of changed copy. */
export type CopyName = (typeof COPY_NAMES)[number];

/** The Worker's reply to the pixels of a picture: its copies as JPEG files. */
export type CopiesReply = { copies: Record<CopyName, Blob> } | { failed: true };

/** The pixels sent to the Worker, which owns them from then on. */
export type CopiesRequest = DisplayedPixels;

/** The copies in a reply of the Worker, `undefined` unless it is exactly all of them. */
export function copiesIn(reply: unknown): Record<CopyName, Blob> | undefined {
  const { copies } = (reply ?? {}) as { copies?: Record<string, unknown> };
  if (typeof copies !== 'object' || copies === null) return undefined;
  const whole = COPY_NAMES.every((name) => copies[name] instanceof Blob);
  return whole && Object.keys(copies).length === COPY_NAMES.length
    ? (copies as Record<CopyName, Blob>)
    : undefined;
}
