import { readFile, writeFile } from 'node:fs/promises';
import { type Blocklist, matchReport } from '../matching/index.js';
import { type HashFileOptions, variantPicture, variantsOfFile } from '../node/index.js';

/** Where the page is written, and whether parts of the picture are on it. */
export interface ReportOptions {
  readonly out: string;
  readonly all: boolean;
  readonly showPictures: boolean;
  readonly hashing: HashFileOptions;
}

/** Writes one self-contained page that explains the decision about one picture; gives that decision. */
export async function writeReport(
  file: string,
  blocklist: Blocklist,
  { out, all, showPictures, hashing }: ReportOptions,
) {
  const bytes = await readFile(file);
  const { variants, width, height } = await variantsOfFile(bytes, hashing);
  const decision = blocklist.decide(variants, { all });
  const png = async (variant: Parameters<typeof variantPicture>[1]) => {
    const picture = await variantPicture(bytes, variant);
    return `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
  };
  const pictures = showPictures
    ? {
        whole: await png({ name: 'original' }),
        variants: await Promise.all(decision.matches.map(({ variant }) => png(variant))),
      }
    : undefined;
  const page = matchReport(decision, { width, height, file, ...(pictures && { pictures }) });
  await writeFile(out, page);
  return decision;
}
