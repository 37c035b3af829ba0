import { type Kind, SHARES, type Upload, type UploadFiles } from './pictures.js';

/** An upload of the mix. */
export interface MixedUpload extends Upload {
  readonly kind: Kind;
}

/**
 * The first `count` uploads of the mix, the same for every server. Each kind comes at even
 * distances, so that any stretch has about its share of all; the files of a kind come in turn.
 */
export function mixOf({ kinds }: Pick<UploadFiles, 'kinds'>, count: number): MixedUpload[] {
  const names = Object.keys(SHARES) as Kind[];
  const total = names.reduce((sum, kind) => sum + SHARES[kind], 0);
  /** what each kind is owed, and how many of it have come */
  const owed = names.map(() => 0);
  const sent = names.map(() => 0);
  return Array.from({ length: count }, () => {
    let most = 0;
    for (const [at, kind] of names.entries()) {
      owed[at]! += SHARES[kind];
      if (owed[at]! > owed[most]!) most = at;
    }
    owed[most]! -= total;
    const kind = names[most]!;
    const files = kinds[kind];
    return { kind, ...files[sent[most]!++ % files.length]! };
  });
}
