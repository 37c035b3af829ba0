import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { testFolder } from '../folder.js';

export const ROOT = join(import.meta.dirname, '../..');

/** Packs the project as it was built. @returns the path of the tarball, in `folder` */
export function packedInto(folder: string): string {
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  // npm 12 prints an object by package name; earlier versions print a list.
  const listing = JSON.parse(packed) as Record<string, { filename: string }>;
  return join(folder, Object.values(listing)[0]!.filename);
}

/**
 * An empty project with the packed tarball installed, as a user would have it, with or without the
 * decoders, the reader of XML and the embedded database. Its folder is there for the tests of a
 * file, or of a group.
 */
export function installedPackage({ decoders }: { decoders: boolean }): {
  folder: string;
  write(name: string, text: string): string;
} {
  const folder = testFolder();
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'onlyhashes'), { recursive: true });
  const into = join(modules, 'onlyhashes');
  execFileSync('tar', ['xzf', inject('tarball'), '-C', into, '--strip-components=1']);
  if (decoders) {
    const decoders = ['sharp', '@img', 'detect-libc', 'semver', 'heic-decode', 'libheif-js'];
    for (const name of [...decoders, 'saxes', 'xmlchars', '@electric-sql']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  return {
    folder,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}
