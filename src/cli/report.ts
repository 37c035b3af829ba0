import { DecodeError } from '../index.js';
import type { Decision } from '../matching/index.js';
import { type HashFileOptions, type MatchReportOptions, variantPicture } from '../node/index.js';

/** What a report shows of a picture: all of it, and the part that each match is of. None if they cannot be drawn. */
export async function picturesOf(
  bytes: Uint8Array,
  { matches }: Decision,
  hashing: HashFileOptions,
): Promise<MatchReportOptions['pictures']> {
  const png = async (variant: Parameters<typeof variantPicture>[1]) => {
    const picture = await variantPicture(bytes, variant, hashing);
    return `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
  };
  try {
    const variants: string[] = [];
    // One by one: each decodes the picture anew.
    for (const { variant } of matches) variants.push(await png(variant));
    return { whole: await png({ name: 'original' }), variants };
  } catch (error) {
    // The decision stands without them.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
