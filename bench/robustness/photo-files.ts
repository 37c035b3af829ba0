import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { photoFiles } from '../rivals.js';

/** A file to take photos from. */
export interface PhotoFile {
  /** the source photo; photos are split by source */
  readonly source: string;
  readonly path: string;
}

/** Where Debian's packages budgie-backgrounds, mate-backgrounds and libjxl-testdata put photos. */
const DEBIAN = [
  '/usr/share/backgrounds/budgie',
  '/usr/share/backgrounds/mate/nature',
  '/usr/share/libjxl-testdata/external/wesaturate/500px',
  '/usr/share/libjxl-testdata/jxl/flower',
];
/** Leaves out versions of other files, and pictures that are not photos. */
const SKIP = /abstract|waves-midnight|flower_|flower\.png\.|709|acescg|2020|grayscale|alpha/;

/**
 * Sources on which the parameters of the variants were tuned. The report lists their photos as
 * unrelated entries, but never edits them and searches for them.
 */
const TUNED_ON: readonly string[] = [
  'acanthus-mollis',
  'allium-oreophilum',
  'dust-bowl-home',
  'locomotion-house-cat',
  'nagasaki-boats',
  'blue-periwinkle.jpg',
  'casa-mila.jpg',
  'high-trestle-trail.jpg',
  'oakland-zoo-otters.jpg',
  'perched-osprey.jpg',
  'roman-colosseum.jpg',
  'singaporean-cityscape.jpg',
  'valley-midnight.jpg',
  'Blinds.jpg',
  'FreshFlower.jpg',
  'GreenMeadow.jpg',
  'RainDrops.jpg',
  'TwoWings.jpg',
  'YellowFlower.jpg',
  'cvo9xd_keong_macan_srgb8.png',
  'tmshre_riaphotographs_srgb8.png',
  'flower.png',
];

/** Whether parameters were tuned on photos of this source. */
export const wasTunedOn = ({ source }: PhotoFile): boolean => TUNED_ON.includes(source);

/** The photo files of a folder, or those from packages. */
export function sources(folder: string | undefined): PhotoFile[] {
  const inFolder = (path: string, skip?: RegExp) => {
    let names: string[];
    try {
      names = readdirSync(path).sort();
    } catch {
      return [];
    }
    return names
      .filter((name) => /\.(jpe?g|png|webp|avif|tiff?)$/i.test(name) && !skip?.test(name))
      .map((name) => ({ source: basename(name), path: join(path, name) }));
  };
  if (folder !== undefined) return inFolder(folder);
  return [
    ...photoFiles().map(({ name, path }) => ({ source: name, path })),
    ...DEBIAN.flatMap((path) => inFolder(path, SKIP)),
  ];
}
