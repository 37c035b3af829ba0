import { distance } from '../../../src/hash.js';
import type { HashedVariant } from '../../../src/variant.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { innerPictures } from '../../../src/variants/inner-pictures.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { type BenchContext, NotRun } from '../../harness.js';
import { CHATS } from '../copies/chat-edits.js';
import { COLLAGES } from '../copies/collage-edits.js';
import { DOCUMENTS } from '../copies/document-edits.js';
import { FEEDS } from '../copies/feed-edits.js';
import { ENCODED, FILTERS } from '../copies/filter-edits.js';
import { PAGES } from '../copies/page-edits.js';
import { POLAROIDS } from '../copies/photographed-edits.js';
import { PLAYERS } from '../copies/player-edits.js';
import { CROPS, MIRRORED } from '../copies/reframe-edits.js';
import { STORIES } from '../copies/story-edits.js';
import type { Transform } from '../edit.js';
import { materials, numberOf, POLICY } from '../measure.js';
import {
  fillerPhotos,
  installCommands,
  PHOTO_LISTS,
  type PhotoFile,
  type PhotoListName,
  photoList,
  photosIn,
} from '../photo-lists.js';
import { LEAST_SIDE, photoOf } from '../photos.js';
import type { Raster } from '../raster.js';
import { progress } from '../run.js';

/** The edits that frame a whole photo. */
const FRAMING: readonly Transform[] = [
  ...CHATS,
  ...FEEDS,
  ...PAGES,
  ...DOCUMENTS,
  ...PLAYERS,
  ...COLLAGES,
  ...POLAROIDS,
  ...STORIES,
];

/** Uploads beside the plain photo: one edit of each of these kinds. */
const KINDS: readonly (readonly Transform[])[] = [ENCODED, FILTERS, MIRRORED, CROPS];

/** How an upload is hashed. */
const PROFILES = ['none', 'thorough'] as const;
type Profile = (typeof PROFILES)[number];
/** What a list holds of a screen: its own hash, or what `--inner yes` lists. */
const LISTED = ['screen', 'inner'] as const;

/** A photo, and the hashes of the uploads of it that may match, by profile. */
interface Source {
  readonly photo: Raster;
  readonly number: number;
  /** the plain photo first */
  readonly uploads: readonly Readonly<Record<Profile, readonly HashedVariant[]>>[];
}

/** What came of the screens of a family, as counts. */
interface Counts {
  screens: number;
  /** those in which a picture was found */
  asked: number;
  /** uploads found: the plain photo's, then edits', by list and profile */
  readonly found: Record<string, number>;
  /** uploads of other photos that match, by list */
  readonly wrong: Record<string, number>;
}

/** Ordered pairs of screens of one app: the first is listed, the second is uploaded. */
interface PairCounts {
  pairs: number;
  'screen match': number;
  'screen review': number;
  'inner match': number;
  'inner review': number;
}

/** A screen as it is listed in both ways, and as an upload. */
interface Screen {
  /** of the photo in it */
  readonly number: number;
  readonly lists: Readonly<Record<(typeof LISTED)[number], readonly HashedVariant[]>>;
  readonly upload: readonly HashedVariant[];
  /** the other photos in it, that also stand in other screens */
  readonly fillers: ReadonlySet<Raster>;
}

/** The run of `bench inner`, in a file of its own since it stands on sharp. */
export async function runInner(context: BenchContext): Promise<object> {
  const { seed = 1, set = 'tuned', photos: folder, quick = false } = context.options;
  if (!Number.isSafeInteger(seed)) throw new RangeError('expected seed to be an integer');
  if (!(PHOTO_LISTS as readonly string[]).includes(set)) {
    throw new RangeError(`expected a set: ${PHOTO_LISTS.join(', ')}`);
  }
  const ordinary = folder === undefined ? undefined : await asked(context, photosIn(folder));
  const { files, missing } = photoList(set as PhotoListName);
  const fillers = fillerPhotos();
  for (const line of installCommands([...missing, ...fillers.missing])) {
    context.note(`not installed: ${line}`);
  }
  if (files.length < 2 || fillers.files.length === 0) {
    throw new NotRun('needs two photos of the set, and the filler photos');
  }
  const others = await Promise.all(fillers.files.map(photoOf));
  const sources: Source[] = [];
  const hashing = progress('uploads', files.length);
  for (const [at, file] of files.entries()) {
    const source = await sourceOf(file, seed, others);
    if (source) sources.push(source);
    hashing(at + 1);
  }
  const families: Record<string, Counts> = {};
  /** by edit: the screens of one app, of different photos */
  const apps = new Map<Transform, Screen[]>();
  const framing = progress('screens', sources.length);
  for (const [at, source] of sources.entries()) {
    for (const edit of editsFor(source, quick)) {
      families[edit.family] ??= { screens: 0, asked: 0, found: {}, wrong: {} };
      const screen = await count(families[edit.family]!, source, sources, edit, seed, others);
      apps.set(edit, [...(apps.get(edit) ?? []), screen]);
    }
    framing(at + 1);
  }
  const rows = Object.entries(families).map(([family, counts]) => rowOf(family, counts));
  context.table('uploads found, in percent, by the screen and by what --inner yes lists', rows);
  const facts = { set, seed, quick, photos: sources.length, missing: installCommands(missing) };
  const pairs = Object.values(families).reduce((sum, { screens }) => sum + screens, 0);
  const wrongPairs = pairs * (sources.length - 1);
  context.figure('pairs of a screen and another photo', wrongPairs);
  const sameApp = amongScreens(apps);
  context.table('other screens of the same app, as uploads: matches and reviews', sameApp);
  return { ...facts, wrongPairs, sameApp, ...(ordinary && { ordinary }), families, rows };
}

async function sourceOf(
  file: PhotoFile,
  seed: number,
  fillers: readonly Raster[],
): Promise<Source | undefined> {
  const photo = await photoOf(file);
  if (Math.min(photo.width, photo.height) < LEAST_SIDE) return undefined;
  const [original] = variantsOf(photo, { variants: 'none' });
  // No list holds the hash of a plain picture.
  if (!counts(original!)) return undefined;
  const number = numberOf(file.source);
  const uploads = [photo];
  for (const kind of KINDS) {
    const edit = kind[number % kind.length]!;
    const { pixels } = await edit.apply(photo, chance(seed, number, edit, fillers));
    uploads.push(pixels);
  }
  return {
    photo,
    number,
    uploads: uploads.map((pixels) => ({
      none: [...variantsOf(pixels, { variants: 'none' })],
      thorough: [...variantsOf(pixels, { variants: 'thorough' })].filter(counts),
    })),
  };
}

const counts = ({ quality = 100 }: HashedVariant): boolean => quality >= POLICY.minQuality;

const chance = (seed: number, number: number, edit: Transform, fillers: readonly Raster[]) =>
  materials(seed, number, numberOf(`${edit.family} ${edit.name}`), fillers);

/** All framing edits that apply to a photo, or one of each family. */
function editsFor({ photo, number }: Source, quick: boolean): readonly Transform[] {
  const all = FRAMING.filter(({ applies }) => applies?.(photo) !== false);
  if (!quick) return all;
  const families = new Set(all.map(({ family }) => family));
  return [...families].map((family) => {
    const edits = all.filter((edit) => edit.family === family);
    return edits[number % edits.length]!;
  });
}

/** Makes a screen of a photo, lists it in both ways, and looks the uploads up. */
async function count(
  into: Counts,
  source: Source,
  sources: readonly Source[],
  edit: Transform,
  seed: number,
  fillers: readonly Raster[],
): Promise<Screen> {
  const drawn = chance(seed, source.number, edit, fillers);
  const used = new Set<Raster>();
  const filler = async () => {
    const photo = await drawn.filler();
    used.add(photo);
    return photo;
  };
  const made = await edit.apply(source.photo, { ...drawn, filler });
  const [screen, ...inner] = variantsOf(made.pixels, { variants: 'none', inner: true });
  const lists = { screen: [screen!], inner: inner.length > 0 ? inner : [screen!] };
  into.screens++;
  if (inner.length > 0) into.asked++;
  for (const list of LISTED) {
    for (const profile of PROFILES) {
      for (const [at, upload] of source.uploads.entries()) {
        const key = `${at === 0 ? 'plain' : 'edited'} ${profile} ${list}`;
        into.found[key] ??= 0;
        if (areNear(upload[profile], lists[list])) into.found[key]++;
      }
    }
    into.wrong[list] ??= 0;
    for (const other of sources) {
      if (other === source) continue;
      const isWrong = other.uploads.some(({ thorough }) => areNear(thorough, lists[list]));
      if (isWrong) into.wrong[list]++;
    }
  }
  const upload = [...variantsOf(made.pixels, { variants: 'thorough' })].filter(counts);
  return { number: source.number, lists, upload, fillers: used };
}

/**
 * The cost of a listed screen: other screens of the same app that match, or are for review. Screens
 * that share a filler photo are counted apart, as they do have a picture in common.
 */
function amongScreens(apps: ReadonlyMap<Transform, readonly Screen[]>) {
  const rows: Record<string, PairCounts> = {};
  for (const [{ family }, screens] of apps) {
    for (const listed of screens) {
      for (const other of screens) {
        if (other.number === listed.number) continue;
        const isCommon = [...listed.fillers].some((photo) => other.fillers.has(photo));
        const key = `${family}, ${isCommon ? 'a filler in common' : 'none in common'}`;
        rows[key] ??= {
          pairs: 0,
          'screen match': 0,
          'screen review': 0,
          'inner match': 0,
          'inner review': 0,
        };
        const row = rows[key];
        row.pairs++;
        for (const list of LISTED) {
          const near = nearest(other.upload, listed.lists[list]);
          if (near <= POLICY.matchDistance) row[`${list} match`]++;
          else if (near <= POLICY.reviewDistance) row[`${list} review`]++;
        }
      }
    }
  }
  return Object.entries(rows).map(([pairsOf, counts]) => ({ 'pairs of': pairsOf, ...counts }));
}

const nearest = (upload: readonly HashedVariant[], listed: readonly HashedVariant[]): number =>
  Math.min(...listed.flatMap((entry) => upload.map(({ hash }) => distance(hash, entry.hash))));

const areNear = (upload: readonly HashedVariant[], listed: readonly HashedVariant[]): boolean =>
  upload.some(({ hash }) =>
    listed.some((entry) => distance(hash, entry.hash) <= POLICY.matchDistance),
  );

/** A family's counts as shares. */
function rowOf(family: string, { screens, asked, found, wrong }: Counts) {
  const cells = Object.entries(found).map(([key, hits]) => {
    const uploads = key.startsWith('plain') ? screens : screens * KINDS.length;
    return [key, Math.round((100 * hits) / uploads)] as const;
  });
  return {
    family,
    screens,
    asked: Math.round((100 * asked) / screens),
    ...Object.fromEntries(cells),
    'wrong screen': wrong.screen,
    'wrong inner': wrong.inner,
  };
}

/** Counts the ordinary pictures about which a person would be asked, and names them. */
async function asked(context: BenchContext, files: readonly PhotoFile[]) {
  const names: string[] = [];
  const step = progress('ordinary pictures', files.length);
  for (const [at, file] of files.entries()) {
    if (innerPictures(workingPlane(await photoOf(file))).length > 0) names.push(file.source);
    step(at + 1);
  }
  context.figure(`asked about, of ${files.length} ordinary pictures`, names.length);
  for (const name of names) context.note(name);
  return { pictures: files.length, asked: names.length };
}
