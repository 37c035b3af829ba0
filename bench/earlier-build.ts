import { posix } from 'node:path';
import type { PackedHashes } from '../src/hash.js';
import type { CreateOptions, HammingIndex } from '../src/indexing/index.js';
import { git } from './checkout.js';
import { rival } from './rivals.js';

/** The commit that the index is measured against. */
export const EARLIER_COMMIT = 'd4c4895';

/** What every build's index has. */
export type SearchIndex = Pick<HammingIndex, 'searchInto' | 'toBuffer'>;

/** The index of an earlier commit, loaded beside this one. */
export interface EarlierBuild {
  /** as it was asked for */
  readonly commit: string;
  createIndex(
    hashes: PackedHashes,
    options?: Pick<CreateOptions, 'kind' | 'maxDistance'>,
  ): SearchIndex;
}

const ENTRY = 'src/indexing/index.ts';

/**
 * Builds the index of `commit` from the history of the checkout that this file is in, and loads it.
 * It shares no function with this build, so neither spoils the other in the engine.
 * @returns undefined, after a note, if there is no such history or no esbuild
 */
export async function earlierBuild(
  commit: string,
  note: (text: string) => void,
): Promise<EarlierBuild | undefined> {
  const without = (reason: string) => {
    note(`the build of ${commit} is left out: ${reason}`);
    return undefined;
  };
  const esbuild = await rival<typeof import('esbuild')>('esbuild');
  if (!esbuild) return without('esbuild is not installed');
  const found = git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`]);
  const id = found?.trim();
  if (!id) return without('its history is not here');
  const sources: import('esbuild').Plugin = {
    name: 'sources',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^/ }, ({ path, importer, kind }) => ({
        namespace: 'git',
        path:
          kind === 'entry-point'
            ? path
            : posix.join(posix.dirname(importer), path.replace(/\.js$/, '.ts')),
      }));
      onLoad({ filter: /^/, namespace: 'git' }, ({ path }) => {
        const contents = git(['show', `${id}:${path}`]);
        return contents === undefined
          ? { errors: [{ text: `${path} is not in ${commit}` }] }
          : { contents, loader: 'ts' };
      });
    },
  };
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [ENTRY],
      plugins: [sources],
      bundle: true,
      write: false,
      format: 'esm',
      // As `tsup.config.ts` builds this one.
      target: 'es2022',
      platform: 'neutral',
      logLevel: 'silent',
    });
    const text = Buffer.from(outputFiles[0]!.contents).toString('base64');
    const { createIndex } = (await import(`data:text/javascript;base64,${text}`)) as Pick<
      EarlierBuild,
      'createIndex'
    >;
    return { commit, createIndex };
  } catch (error) {
    return without(error instanceof Error ? error.message.split('\n')[0]! : String(error));
  }
}
