import sharp from 'sharp';
import { block, XMP_TURNED } from '../../formats/exif-block.js';
import { type Format, having, named, orientations, type Step, trailing } from '../grammar.js';
import { uint16, uint32 } from '../numbers.js';
import { PROFILES, profileOf, storedBy } from '../profiles.js';
import { eachPixel, lumaOf, oneOf, type Raster } from '../raster.js';
import { encodeJpeg, type JpegComponent } from './jpeg-encoder.js';

const START = Buffer.of(0xff, 0xd8);

/** A marker segment. */
export function segment(marker: number, data: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

const app = (number: number, name: string, data: Uint8Array = Buffer.alloc(0)) =>
  segment(0xe0 + number, Buffer.concat([Buffer.from(name, 'latin1'), data]));
const JFIF = app(0, 'JFIF\0', Buffer.of(1, 1, 0, 0, 1, 0, 1, 0, 0));
const adobe = (transform: number) => app(14, 'Adobe', Buffer.of(0, 100, 0, 0, 0, 0, transform));
const exif = (tiff: Uint8Array) => app(1, 'Exif\0\0', tiff);

/** Segments of a profile, in parts of `size` bytes. */
function profileSegments(icc: Uint8Array, size = 60_000): Buffer[] {
  const count = Math.ceil(icc.length / size);
  return Array.from({ length: count }, (_, i) =>
    app(
      2,
      'ICC_PROFILE\0',
      Buffer.concat([Buffer.of(i + 1, count), icc.subarray(i * size, (i + 1) * size)]),
    ),
  );
}

/** How samples become components. */
type Coding = 'ycc' | 'rgb' | 'grey' | 'inks' | 'inks-ycc';

/** A JPEG that is being made. */
export interface JpegPlan {
  picture: Raster;
  coding: Coding;
  ids: readonly number[];
  /** of the chroma components, across and down */
  halved: readonly [number, number];
  /** by another encoder: in scans of rising detail */
  progressive: boolean;
  restart: number;
  jfif: boolean;
  /** in this order */
  before: Buffer[];
  /** between the frame's header and the scan */
  amid: Buffer[];
  /** between the scan and the end */
  after: Buffer[];
  trailing: Uint8Array;
}

/** Planes of the samples as they are coded. */
function planesOf(raster: Raster, coding: Coding): Uint8Array[] {
  const { width, height, data } = raster;
  const count = { ycc: 3, rgb: 3, grey: 1, inks: 4, 'inks-ycc': 4 }[coding];
  const planes = Array.from({ length: count }, () => new Uint8ClampedArray(width * height));
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3) as unknown as [number, number, number];
    const luma = lumaOf([r, g, b]);
    const ycc = [luma, 128 + 0.564 * (b - luma), 128 + 0.713 * (r - luma)];
    // Adobe stores inks the other way round: 255 is none.
    const inks = [r, g, b, 255];
    const values = { ycc, rgb: [r, g, b], grey: [luma], inks, 'inks-ycc': [...ycc, 255] }[coding];
    values.forEach((value, c) => {
      planes[c]![i] = value;
    });
  }
  return planes.map((plane) => new Uint8Array(plane.buffer));
}

async function scansOf(plan: JpegPlan): Promise<Buffer> {
  const { picture, coding, ids, halved, progressive, restart } = plan;
  const { width, height } = picture;
  if (progressive) {
    const made = await sharp(picture.data, { raw: { width, height, channels: 4 } })
      .removeAlpha()
      .jpeg({ progressive: true, quality: 95, chromaSubsampling: '4:2:0' })
      .toBuffer();
    // Its own start and JFIF are left out.
    return made.subarray(made[3] === 0xe0 ? 4 + made.readUInt16BE(4) : 2);
  }
  const components: JpegComponent[] = planesOf(picture, coding).map((samples, i) => ({
    id: ids[i] ?? i + 1,
    samples,
    across: i === 1 || i === 2 ? halved[0] : 1,
    down: i === 1 || i === 2 ? halved[1] : 1,
  }));
  return encodeJpeg(width, height, components, restart, plan.amid);
}

async function writeJpeg(plan: JpegPlan): Promise<Uint8Array> {
  const scans = await scansOf(plan);
  const end = scans.length - 2;
  return Buffer.concat([
    START,
    ...(plan.jfif ? [JFIF] : []),
    ...plan.before,
    scans.subarray(0, end),
    ...plan.after,
    scans.subarray(end),
    plan.trailing,
  ]);
}

const plain = (picture: Raster): JpegPlan => ({
  picture,
  coding: 'ycc',
  ids: [1, 2, 3, 4],
  halved: [1, 1],
  progressive: false,
  restart: 0,
  jfif: true,
  before: [],
  amid: [],
  after: [],
  trailing: new Uint8Array(),
});

/** A TIFF block of these entries. */
const entries = (...list: readonly (readonly [tag: number, kind: number, value: number])[]) =>
  Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08'),
    uint16(list.length),
    ...list.flatMap(([tag, kind, value]) => [
      ...[uint16(tag, kind), uint32(1)],
      kind === 3 ? uint16(value, 0) : uint32(value),
    ]),
    uint32(0),
  ]);

/** A block whose second directory has the thumbnail. */
function withThumbnail(orientation: number, own: number, thumbnail: Uint8Array): Buffer {
  const first = entries([0x112, 3, orientation]);
  first.writeUInt32BE(first.length, first.length - 4);
  const second = entries([0x112, 3, own], [0x201, 4, 0], [0x202, 4, thumbnail.length]).subarray(8);
  second.writeUInt32BE(first.length + second.length, 2 + 12 + 8);
  return Buffer.concat([first, second, thumbnail]);
}

const small = async (raster: Raster): Promise<Uint8Array> => {
  const { width, height } = raster;
  const made = await sharp(raster.data, { raw: { width, height, channels: 4 } })
    .resize(80)
    .removeAlpha()
    .jpeg({ quality: 70 })
    .toBuffer();
  return made;
};

type JpegStep = Step<JpegPlan>;

const coded =
  (coding: Coding, change: JpegStep = () => {}): JpegStep =>
  (plan, scene) => {
    plan.coding = coding;
    return change(plan, scene);
  };

const withoutJfif =
  (...before: Buffer[]): JpegStep =>
  (plan) => {
    plan.jfif = false;
    plan.before.push(...before);
  };

/** JPEG. */
export const JPEG: Format<JpegPlan> = {
  name: 'jpeg',
  type: 'image/jpeg',
  begin: ({ listed }) => plain(listed),
  groups: {
    coding: {
      'rgb-by-adobe': coded('rgb', (plan) => plan.before.push(adobe(0))),
      'rgb-by-adobe-and-jfif-late': coded('rgb', withoutJfif(adobe(0), JFIF)),
      'rgb-by-letters': coded('rgb', having({ jfif: false, ids: [82, 71, 66] })),
      'rgb-by-letters-and-jfif': coded('rgb', having({ ids: [82, 71, 66] })),
      'rgb-undeclared': coded('rgb'),
      'rgb-ids-odd': coded('rgb', having({ jfif: false, ids: [7, 8, 9] })),
      'ycc-ids-from-0': coded('ycc', having({ jfif: false, ids: [0, 1, 2] })),
      'ycc-called-rgb': coded('ycc', (plan) => plan.before.push(adobe(0))),
      'ycc-called-rgb-alone': coded('ycc', withoutJfif(adobe(0))),
      'ycc-by-adobe': coded('ycc', (plan) => plan.before.push(adobe(1))),
      'ycc-by-adobe-2': coded('ycc', withoutJfif(adobe(2))),
      'adobe-twice': coded('rgb', withoutJfif(adobe(1), adobe(0))),
      grey: coded('grey'),
      'grey-by-adobe': coded('grey', (plan) => plan.before.push(adobe(1))),
      inks: coded('inks', withoutJfif(adobe(0))),
      'inks-without-adobe': coded('inks', having({ jfif: false })),
      'inks-ycc': coded('inks-ycc', withoutJfif(adobe(2))),
      'inks-called-ycc': coded('inks', withoutJfif(adobe(2))),
      'inks-hide': (plan, { decoy }) => {
        // Black ink holds the picture, and coloured inks the decoy.
        plan.jfif = false;
        plan.coding = 'inks';
        plan.picture = eachPixel(plan.picture, (_pixel, other) => other, decoy);
        plan.before.push(adobe(0));
      },
    },
    colour: {
      ...named(Object.keys(PROFILES), (name) =>
        storedBy<JpegPlan>(name, (plan, icc) => {
          if (name.startsWith('grey-')) plan.coding = 'grey';
          plan.before.push(...profileSegments(icc));
        }),
      ),
      'in-parts': storedBy('blue-alone', (plan, icc) =>
        plan.before.push(...profileSegments(icc, 200)),
      ),
      'in-parts-turned': storedBy('blue-alone', (plan, icc) =>
        plan.before.push(...profileSegments(icc, 200).reverse()),
      ),
      'a-part-missing': storedBy('blue-alone', (plan, icc) =>
        plan.before.push(...profileSegments(icc, 200).slice(1)),
      ),
      'a-part-twice': storedBy('blue-alone', (plan, icc) => {
        const parts = profileSegments(icc, 200);
        plan.before.push(...parts, parts[0]!);
      }),
      'profiles-twice': storedBy('blue-alone', (plan, icc, scene) =>
        plan.before.push(...profileSegments(PROFILES.srgb!(scene).icc), ...profileSegments(icc)),
      ),
      'profile-amid': storedBy('blue-alone', (plan, icc) =>
        plan.amid.push(...profileSegments(icc)),
      ),
      'profile-after': storedBy('blue-alone', (plan, icc) =>
        plan.after.push(...profileSegments(icc)),
      ),
      'profile-before-jfif': storedBy('blue-alone', (plan, icc) => {
        plan.jfif = false;
        plan.before.push(...profileSegments(icc), JFIF);
      }),
      'inks-with-profile': (plan, scene) => {
        plan.jfif = false;
        plan.coding = 'inks';
        plan.before.push(adobe(0), ...profileSegments(PROFILES['of-inks']!(scene).icc));
      },
      'grey-with-rgb-profile': (plan, scene) => {
        plan.coding = 'grey';
        plan.before.push(...profileSegments(PROFILES.inverted!(scene).icc));
      },
      'rgb-with-grey-profile': (plan, scene) => {
        plan.before.push(...profileSegments(PROFILES['grey-inverted']!(scene).icc));
      },
      'adobe-rgb-by-exif': (plan) => {
        // The DCF option file: colours by EXIF alone.
        plan.before.push(exif(entries([0xa001, 3, 2])));
      },
      'profile-empty': (plan) => plan.before.push(...profileSegments(profileOf({ tags: [] }))),
    },
    geometry: {
      ...orientations<JpegPlan>((plan, value) => plan.before.push(exif(block(value)))),
      'little-endian': (plan) => plan.before.push(exif(block(6, { little: true }))),
      nine: (plan) => plan.before.push(exif(block(9))),
      'long-value': (plan) => plan.before.push(exif(entries([0x112, 4, 6]))),
      'twice-in-a-block': (plan) => plan.before.push(exif(entries([0x112, 3, 6], [0x112, 3, 2]))),
      'two-blocks': (plan) => plan.before.push(exif(block(6)), exif(block(2))),
      'second-block-alone': (plan) =>
        plan.before.push(exif(entries([0x10f, 3, 1])), exif(block(6))),
      'before-jfif': withoutJfif(exif(block(6)), JFIF),
      amid: (plan) => plan.amid.push(exif(block(6))),
      after: (plan) => plan.after.push(exif(block(6))),
      'in-xmp': (plan) => {
        plan.before.push(app(1, 'http://ns.adobe.com/xap/1.0/\0', Buffer.from(XMP_TURNED)));
      },
      'thumbnail-turned': async (plan, { decoy }) => {
        plan.before.push(exif(withThumbnail(1, 6, await small(decoy))));
      },
      'resolution-halves': (plan, { listed: { width, height } }) => {
        // Chromium shows a picture at the density that EXIF gives, if it gives both sides.
        const data = Buffer.alloc(0x90);
        data.set(entries([0x11a, 5, 0x60], [0x11b, 5, 0x68], [0x128, 3, 2], [0x8769, 4, 0x40]));
        data.set(entries([0xa002, 4, width / 2], [0xa003, 4, height / 2]).subarray(8), 0x40);
        data.set(uint32(144, 1, 144, 1), 0x60);
        plan.before.push(exif(data));
      },
    },
    container: {
      progressive: (plan) => {
        if (plan.coding === 'ycc') plan.progressive = true;
      },
      'chroma-halved': (plan) => {
        plan.halved = oneOf(
          [
            [2, 2],
            [2, 1],
          ] as const,
          () => plan.picture.width,
        );
      },
      restarts: having({ restart: 4 }),
      comments: (plan) => plan.before.push(segment(0xfe, Buffer.from('a'))),
      'fill-bytes': (plan) => {
        plan.before.push(Buffer.concat([Buffer.of(0xff, 0xff), segment(0xfe, Buffer.from('a'))]));
      },
      'unknown-segments': (plan, { next }) =>
        plan.before.push(app(3 + (next() % 10), 'none\0', Buffer.alloc(next() % 300))),
      trailing,
      'another-after-the-end': async (plan, { decoy }) => {
        plan.trailing = await writeJpeg(plain(decoy));
      },
      'several-pictures': async (plan, { decoy }) => {
        const other = await writeJpeg(plain(decoy));
        plan.before.push(app(2, 'MPF\0', entries([0xb001, 4, 2])));
        plan.trailing = other;
      },
      'a-thumbnail': async (plan, { decoy }) => {
        plan.before.push(exif(withThumbnail(1, 1, await small(decoy))));
      },
      'a-picture-in-a-segment': async (plan, { decoy }) => {
        plan.before.push(app(13, 'Photoshop 3.0\0', await small(decoy)));
      },
      'a-thumbnail-in-jfif': (plan, { decoy }) => {
        const thumb = eachPixel(decoy, (pixel) => pixel);
        const data = Buffer.alloc(14 - 5 + 3 * 60 * 40);
        data.set([1, 1, 0, 0, 1, 0, 1, 60, 40]);
        for (let i = 0; i < 60 * 40; i++)
          data.set(thumb.data.subarray(4 * i, 4 * i + 3), 9 + 3 * i);
        plan.jfif = false;
        plan.before.unshift(app(0, 'JFIF\0', data));
      },
    },
  },
  write: (plan) => writeJpeg(plan),
};
