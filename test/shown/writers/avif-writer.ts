import { block } from '../../formats/exif-block.js';
import { type Format, having, named, type Step, trailing } from '../grammar.js';
import { uint16, uint32 } from '../numbers.js';
import { PROFILES, storedBy } from '../profiles.js';
import { cut, eachPixel, flat, hasAlpha, lumaOf, type Raster, type Scene } from '../raster.js';
import { ALPHAS, FILMS, type Film } from '../scenes.js';
import { sequenceOf } from './avis-writer.js';
import { box, coded, fullBox } from './isobmff.js';

/** An item of a file: a coded picture, or what is made of others. */
export interface Item {
  id: number;
  type: string;
  data: Uint8Array;
  /** property boxes, essential ones with an exclamation mark */
  properties: { box: Buffer; essential: boolean }[];
  hidden?: boolean;
  /** name of an auxiliary type, name or content type */
  content?: string;
}

/** A reference from an item to others. */
export interface Reference {
  readonly type: string;
  readonly from: number;
  readonly to: readonly number[];
}

/** An AVIF that is being made. */
export interface AvifPlan {
  picture: Raster;
  /** of the main picture, beside its sides and configuration; in this order */
  properties: { box: Buffer; essential: boolean }[];
  /** properties before the sides and configuration */
  early: { box: Buffer; essential: boolean }[];
  items: Item[];
  references: Reference[];
  /** which item is shown; 1 is the picture */
  primary: number;
  /** pictures of the items as they are derived: they take the place of the picture */
  derive: ((plan: AvifPlan) => Promise<void>) | undefined;
  premultiplied: boolean;
  /** brand, compatible brands */
  brands: string[];
  /** boxes after ftyp, before meta */
  between: Buffer[];
  /** meta stands behind mdat */
  metaLast: boolean;
  /** item data stands in an idat box */
  inMeta: boolean;
  trailing: Uint8Array;
  isGrey: boolean;
  /** a track of pictures beside the items */
  film: Film | undefined;
  /** an edit list tells how often it plays */
  filmIsEdited: boolean;
}

const property = (made: Buffer, essential = false) => ({ box: made, essential });
const ispe = (width: number, height: number) => fullBox('ispe', 0, 0, uint32(width, height));
const pixi = (count: number) =>
  fullBox('pixi', 0, 0, Buffer.of(count, ...Array<number>(count).fill(8)));
const nclx = (primaries: number, transfer: number, matrix: number, full = true) =>
  box('colr', 'nclx', uint16(primaries, transfer, matrix), Buffer.of(full ? 0x80 : 0));
const profileBox = (icc: Uint8Array, kind = 'prof') => box('colr', kind, icc);
const clap = (width: number, height: number, left: number, top: number) =>
  // The offset is that of the centre, in halves.
  box('clap', uint32(width, 1, height, 1, left, 2, top, 2));
const irot = (quarters: number) => box('irot', Buffer.of(quarters));
const imir = (axis: number) => box('imir', Buffer.of(axis));

/** An item of a coded picture. */
export async function pictureItem(
  id: number,
  raster: Raster,
  properties: Item['properties'] = [],
  grey = false,
): Promise<Item> {
  const { data, av1C, planes } = await coded(raster, { grey });
  return {
    id,
    type: 'av01',
    data,
    properties: [
      property(ispe(raster.width, raster.height)),
      property(pixi(planes)),
      property(av1C, true),
      ...properties,
    ],
  };
}

const ALPHA = 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha';
const OLD_ALPHA = 'urn:mpeg:hevc:2015:auxid:1';
const DEPTH = 'urn:mpeg:mpegB:cicp:systems:auxiliary:depth';

/** An item of what belongs to a picture. */
const auxiliary = (id: number, raster: Raster, kind: string, more: Item['properties'] = []) =>
  pictureItem(id, raster, [property(fullBox('auxC', 0, 0, `${kind}\0`)), ...more], true);

/** The meta box, for data that begins at `start`, and the data. */
export function metaBox(
  items: readonly Item[],
  references: readonly Reference[],
  primary: number,
  start: number,
  inMeta: boolean,
  more: readonly Buffer[] = [],
): { meta: Buffer; data: Buffer } {
  const boxes: Buffer[] = [];
  const placeOf = ({ box: made }: { box: Buffer }) => {
    const at = boxes.findIndex((one) => one.equals(made));
    return at >= 0 ? at + 1 : boxes.push(made);
  };
  const associations = items
    .filter(({ properties }) => properties.length > 0)
    .map(({ id, properties }) =>
      Buffer.concat([
        uint16(id),
        Buffer.of(properties.length),
        ...properties.map((one) => Buffer.of(placeOf(one) | (one.essential ? 0x80 : 0))),
      ]),
    );
  const data = Buffer.concat(items.map((item) => item.data));
  let at = inMeta ? 0 : start;
  const locations = items.map((item) => {
    const made = Buffer.concat([
      uint16(item.id),
      uint16(inMeta ? 1 : 0),
      uint16(0, 1),
      uint32(at, item.data.length),
    ]);
    at += item.data.length;
    return made;
  });
  const infos = items.map(({ id, type, hidden, content = '' }) =>
    fullBox(
      'infe',
      2,
      hidden ? 1 : 0,
      uint16(id, 0),
      type,
      '\0',
      content === '' ? '' : `${content}\0`,
    ),
  );
  const meta = fullBox(
    'meta',
    0,
    0,
    fullBox('hdlr', 0, 0, uint32(0), 'pict', uint32(0, 0, 0), '\0'),
    fullBox('pitm', 0, 0, uint16(primary)),
    fullBox('iloc', 1, 0, Buffer.of(0x44, 0), uint16(items.length), ...locations),
    fullBox('iinf', 0, 0, uint16(items.length), ...infos),
    ...(references.length > 0
      ? [
          fullBox(
            'iref',
            0,
            0,
            ...references.map(({ type, from, to }) => box(type, uint16(from, to.length, ...to))),
          ),
        ]
      : []),
    box(
      'iprp',
      box('ipco', ...boxes),
      fullBox('ipma', 0, 0, uint32(associations.length), ...associations),
    ),
    ...(inMeta ? [box('idat', data)] : []),
    ...more,
  );
  return { meta, data };
}

async function writeAvif(plan: AvifPlan): Promise<Uint8Array> {
  const { picture } = plan;
  const main = await pictureItem(1, picture, [], plan.isGrey);
  main.properties = [...plan.early, ...main.properties, ...plan.properties];
  const items = [main, ...plan.items];
  const references = [...plan.references];
  if (hasAlpha(picture)) {
    const alpha = eachPixel(picture, (pixel) => [pixel[3], pixel[3], pixel[3], 255]);
    // Both are turned alike.
    const geometry = plan.properties.filter(({ box: one }) =>
      /irot|imir|clap/.test(one.toString('latin1', 4, 8)),
    );
    items.push(await auxiliary(20, alpha, ALPHA, geometry));
    references.push({ type: 'auxl', from: 20, to: [1] });
    if (plan.premultiplied) references.push({ type: 'prem', from: 1, to: [20] });
  }
  const held = { ...plan, items, references };
  await plan.derive?.(held);
  const brands = box('ftyp', plan.brands[0]!, uint32(0), ...plan.brands);
  const before = Buffer.concat([brands, ...plan.between]);
  const build = (start: number) =>
    metaBox(held.items, held.references, held.primary, start, plan.inMeta);
  const { data } = build(0);
  if (plan.film) {
    const { samples, moov } = await sequenceOf(plan.film, plan.filmIsEdited);
    const start = before.length + build(0).meta.length + moov(0).length + 8;
    return Buffer.concat([
      before,
      build(start).meta,
      moov(start + data.length),
      box('mdat', data, ...samples.map((one) => one.data)),
      plan.trailing,
    ]);
  }
  if (plan.inMeta) return Buffer.concat([before, build(0).meta, plan.trailing]);
  if (plan.metaLast) {
    return Buffer.concat([before, box('mdat', data), build(before.length + 8).meta, plan.trailing]);
  }
  const length = build(0).meta.length;
  const { meta } = build(before.length + length + 8);
  return Buffer.concat([before, meta, box('mdat', data), plan.trailing]);
}

const plain = (picture: Raster): AvifPlan => ({
  picture,
  properties: [],
  early: [],
  items: [],
  references: [],
  primary: 1,
  derive: undefined,
  premultiplied: false,
  brands: ['avif', 'mif1', 'miaf'],
  between: [],
  metaLast: false,
  inMeta: false,
  trailing: new Uint8Array(),
  isGrey: false,
  film: undefined,
  filmIsEdited: false,
});

type AvifStep = Step<AvifPlan>;
const withProperties =
  (...made: Buffer[]): AvifStep =>
  (plan) =>
    plan.properties.push(...made.map((one) => property(one, !one.includes('colr'))));

/** The item is the decoy, and the track another picture. */
const filmStep =
  (name: string, edited = false): AvifStep =>
  (plan, scene) => {
    plan.film = FILMS[name]!(scene);
    plan.filmIsEdited = edited;
    plan.picture = scene.decoy;
    plan.brands = ['avis', 'msf1', 'avif', 'mif1', 'miaf'];
  };

/** Sides of a part, and the offset of its centre from the picture's, in halves of a pixel. */
function part({ width, height }: Raster, left: number, top: number, across: number, down: number) {
  const [w, h] = [Math.floor(width * across), Math.floor(height * down)];
  return clap(w, h, 2 * left + w - width, 2 * top + h - height);
}

const cutTo =
  (left: number, top: number, across: number, down: number, essential = true): AvifStep =>
  (plan) =>
    plan.properties.push(property(part(plan.picture, left, top, across, down), essential));

const turnedByExif: AvifStep = (plan) => {
  const data = Buffer.concat([uint32(0), block(6)]);
  plan.items.push({ id: 9, type: 'Exif', data, properties: [] });
  plan.references.push({ type: 'cdsc', from: 9, to: [1] });
};

/** An item by which the picture is made of others, and these. */
interface Derived {
  readonly data: Buffer;
  readonly parts: readonly Raster[];
  /** of what is made, if it is not the picture's */
  readonly width?: number;
  readonly properties?: Item['properties'];
}

const derived =
  (type: string, made: (picture: Raster, scene: Scene) => Derived): AvifStep =>
  (plan, scene) => {
    plan.derive = async (held) => {
      const { picture } = plan;
      const { data, parts, ...other } = made(picture, scene);
      const { width = picture.width, properties = plan.properties } = other;
      const sides = [property(ispe(width, picture.height)), property(pixi(3))];
      held.items[0] = { id: 1, type, data, properties: [...sides, ...properties] };
      for (const [i, one] of parts.entries()) held.items.push(await pictureItem(30 + i, one));
      held.references.push({ type: 'dimg', from: 1, to: parts.map((_, i) => 30 + i) });
    };
  };

/** AVIF. */
export const AVIF: Format<AvifPlan> = {
  name: 'avif',
  type: 'image/avif',
  begin: ({ listed }) => plain(listed),
  groups: {
    frames: {
      ...named(
        [
          'short-then-long',
          'ten-milliseconds',
          'long-alone',
          'long-then-short',
          'last-of-twelve',
          'amid-twelve',
          'long-twice',
        ],
        (name) => filmStep(name),
      ),
      'once-then-stays': filmStep('once-then-stays', true),
      'once-longer-first': filmStep('once-longer-first', true),
      'track-without-the-brand': (plan, scene) => {
        filmStep('short-then-long')(plan, scene);
        plan.brands = ['avif', 'mif1', 'miaf'];
      },
      'track-of-a-second-brand': (plan, scene) => {
        filmStep('short-then-long')(plan, scene);
        plan.brands = ['avif', 'avis', 'mif1', 'miaf'];
      },
    },
    transparency: {
      ...named(
        Object.keys(ALPHAS),
        (name): AvifStep =>
          (plan, scene) => {
            plan.picture = ALPHAS[name]!(plan.picture, scene);
          },
      ),
      premultiplied: (plan) => {
        plan.picture = eachPixel(plan.picture, (pixel) => [0, 0, 0, 255 - lumaOf(pixel)]);
        plan.premultiplied = true;
      },
      'premultiplied-half': (plan, scene) => {
        plan.picture = ALPHAS['two-grounds']!(plan.picture, scene);
        plan.premultiplied = true;
      },
      'alpha-of-another': async (plan, { decoy }) => {
        // The alpha is an item of its own, and no other refers to it.
        plan.items.push(await auxiliary(20, decoy, ALPHA));
      },
      'a-depth': async (plan, { decoy }) => {
        plan.items.push(await auxiliary(21, decoy, DEPTH));
        plan.references.push({ type: 'auxl', from: 21, to: [1] });
      },
      'alpha-old-name': async (plan, scene) => {
        const alpha = eachPixel(scene.listed, (pixel) => {
          const a = 255 - lumaOf(pixel);
          return [a, a, a, 255];
        });
        plan.picture = flat(alpha.width, alpha.height, [0, 0, 0, 255]);
        plan.items.push(await auxiliary(21, alpha, OLD_ALPHA));
        plan.references.push({ type: 'auxl', from: 21, to: [1] });
      },
    },
    colour: {
      ...named(
        Object.keys(PROFILES).filter((name) => !name.startsWith('grey-')),
        (name) =>
          storedBy<AvifPlan>(name, (plan, icc) => plan.properties.push(property(profileBox(icc)))),
      ),
      'profile-and-codes': storedBy('blue-alone', (plan, icc) =>
        plan.properties.push(property(nclx(1, 13, 6)), property(profileBox(icc))),
      ),
      'profile-before-codes': storedBy('blue-alone', (plan, icc) =>
        plan.properties.push(property(profileBox(icc)), property(nclx(1, 13, 6))),
      ),
      'profile-restricted': storedBy('blue-alone', (plan, icc) =>
        plan.properties.push(property(profileBox(icc, 'rICC'))),
      ),
      'profiles-twice': storedBy('blue-alone', (plan, icc, scene) =>
        plan.properties.push(
          property(profileBox(PROFILES.srgb!(scene).icc)),
          property(profileBox(icc)),
        ),
      ),
      'profile-of-another-item': async (plan, scene) => {
        const { icc } = PROFILES.inverted!(scene);
        plan.items.push(await pictureItem(2, scene.decoy, [property(profileBox(icc))]));
      },
      'codes-srgb': withProperties(nclx(1, 13, 6)),
      'codes-601': withProperties(nclx(1, 13, 5)),
      'codes-709': withProperties(nclx(1, 13, 1)),
      'codes-unknown': withProperties(nclx(2, 2, 2)),
      'codes-identity': withProperties(nclx(1, 13, 0)),
      'codes-ycgco': withProperties(nclx(1, 13, 8)),
      'codes-linear': withProperties(nclx(1, 8, 6)),
      'codes-gamma-28': withProperties(nclx(1, 5, 6)),
      'codes-pq': withProperties(nclx(9, 16, 9)),
      'codes-hlg': withProperties(nclx(9, 18, 9)),
      'codes-p3': withProperties(nclx(12, 13, 6)),
      'codes-xyz': withProperties(nclx(10, 17, 6)),
      'codes-log': withProperties(nclx(1, 9, 6)),
      'codes-narrow': withProperties(nclx(1, 13, 6, false)),
      'codes-identity-blue': (plan, scene) => {
        // The planes of luma and chroma are read as green, blue and red.
        plan.picture = PROFILES['blue-alone']!(scene).store(plan.picture, scene);
        plan.properties.push(property(nclx(1, 13, 0)));
      },
      'codes-by-constant-light': withProperties(nclx(9, 14, 10)),
      grey: having({ isGrey: true }),
      'mastering-light': withProperties(box('clli', uint16(1000, 400))),
    },
    geometry: {
      ...named(['0', '1', '2', '3'], (name) => withProperties(irot(Number(name)))),
      'mirror-0': withProperties(imir(0)),
      'mirror-1': withProperties(imir(1)),
      'turn-then-mirror': withProperties(irot(1), imir(1)),
      'mirror-then-turn': withProperties(imir(1), irot(1)),
      'turned-twice': withProperties(irot(1), irot(1)),
      'exif-orientation': turnedByExif,
      'exif-and-turn': (plan, scene) => {
        plan.properties.push(property(irot(3), true));
        turnedByExif(plan, scene);
      },
      'cut-from-the-start': cutTo(0, 0, 0.5, 0.7),
      'cut-at-an-offset': cutTo(30, 20, 0.5, 0.6),
      'cut-at-the-centre': (plan) => {
        const { width, height } = plan.picture;
        plan.properties.push(property(clap(width >> 1, height >> 1, 0, 0), true));
      },
      'cut-not-essential': cutTo(30, 20, 0.5, 0.6, false),
      'cut-to-much-less': cutTo(60, 50, 0.2, 0.2),
      'cut-outside': (plan) => {
        const { width, height } = plan.picture;
        plan.properties.push(property(clap(width >> 1, height >> 1, width, height), true));
      },
      'cut-and-turned': (plan) =>
        plan.properties.push(
          property(part(plan.picture, 0, 0, 0.5, 0.7), true),
          property(irot(1), true),
        ),
      'turned-and-cut': (plan) =>
        plan.properties.push(
          property(irot(1), true),
          property(part(plan.picture, 0, 0, 0.5, 0.7), true),
        ),
      'turn-first': (plan) => plan.early.push(property(irot(1), true)),
      'turn-not-essential': (plan) => plan.properties.push(property(irot(1))),
      'sides-less': (plan) =>
        plan.early.push(property(ispe(plan.picture.width >> 1, plan.picture.height))),
      'pixels-wide': withProperties(box('pasp', uint32(2, 1))),
    },
    pictures: {
      'decoy-not-primary': async (plan, { decoy }) => {
        plan.items.push(await pictureItem(2, decoy));
      },
      'decoy-first': async (plan, scene) => {
        plan.picture = scene.decoy;
        plan.items.push(await pictureItem(2, scene.listed));
        plan.primary = 2;
      },
      'hidden-primary': async (plan, { decoy, listed }) => {
        plan.picture = decoy;
        plan.items.push({ ...(await pictureItem(2, listed)), hidden: true });
        plan.primary = 2;
      },
      'a-thumbnail': async (plan, { decoy }) => {
        plan.items.push(await pictureItem(2, cut(decoy, 0, 0, 64, 64)));
        plan.references.push({ type: 'thmb', from: 2, to: [1] });
      },
      grid: derived('grid', (picture) => {
        const { width, height } = picture;
        const half = Math.ceil(width / 2);
        return {
          data: Buffer.concat([Buffer.of(0, 0, 0, 1), uint16(width, height)]),
          parts: [0, 1].map((i) => cut(picture, i * half, 0, half, height)),
        };
      }),
      // The grid shows less than its tiles: the second is out of it.
      'grid-cut': derived('grid', (picture) => {
        const { width, height } = picture;
        return {
          width: width + 8,
          data: Buffer.concat([Buffer.of(0, 0, 0, 1), uint16(width + 8, height)]),
          parts: [picture, flat(width, height, [90, 90, 90, 255])],
        };
      }),
      overlay: derived('iovl', (picture, { decoy }) => ({
        data: Buffer.concat([
          Buffer.of(0, 0),
          uint16(0, 0, 0, 65535, picture.width, picture.height, 0, 0, 0, 0),
        ]),
        parts: [decoy, picture],
      })),
      identity: derived('iden', (picture) => ({
        data: Buffer.alloc(0),
        properties: [property(irot(1), true)],
        parts: [picture],
      })),
      'tone-map': (plan, { decoy }) => {
        plan.derive = async (held) => {
          held.items.push(await pictureItem(30, decoy, [], true));
          held.items.push({
            id: 31,
            type: 'tmap',
            data: Buffer.alloc(30),
            properties: [property(ispe(plan.picture.width, plan.picture.height))],
          });
          held.references.push({ type: 'dimg', from: 31, to: [1, 30] });
        };
      },
      layers: (plan, { decoy }) => {
        plan.derive = async (held) => {
          // Groups of alternatives: the second may be taken for the first.
          held.items.push(await pictureItem(30, decoy));
          held.references.push({ type: 'base', from: 30, to: [1] });
        };
      },
    },
    container: {
      'meta-last': having({ metaLast: true }),
      'data-in-meta': having({ inMeta: true }),
      'boxes-free': (plan) => plan.between.push(box('free', Buffer.alloc(40)), box('abcd', 'a')),
      'brand-mif1': having({ brands: ['mif1', 'avif', 'miaf'] }),
      'brand-heic': having({ brands: ['mif1', 'heic', 'avif', 'miaf'] }),
      'brand-avis': having({ brands: ['avis', 'avif', 'mif1', 'miaf'] }),
      trailing: (plan, { next }) => {
        plan.trailing = box('free', Buffer.alloc(next() % 300));
      },
      'trailing-bytes': trailing,
      'another-after-the-end': async (plan, { decoy }) => {
        plan.trailing = await writeAvif(plain(decoy));
      },
    },
  },
  write: (plan) => writeAvif(plan),
};
