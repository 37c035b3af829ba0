import { type BlocklistEntry, groupOfFrames, MAX_SECONDS } from '../entry.js';
import type { FormatErrorCode } from '../errors.js';
import {
  type Algorithm,
  type Digest,
  type Hash,
  hashFrom,
  isAlgorithm,
  isParts,
  type Resample,
} from '../hash.js';
import { LIST_CROP_NAMES, type ListCropName } from '../variant.js';
import { splitLabels } from './csv.js';
import { type JsonObject, own } from './json.js';

/** The fields of one record, not yet checked. */
export interface Fields {
  hash?: unknown;
  algorithm?: unknown;
  quality?: unknown;
  source?: unknown;
  id?: unknown;
  resample?: unknown;
  category?: unknown;
  variant?: unknown;
  group?: unknown;
  parts?: unknown;
  seconds?: unknown;
  still?: unknown;
  /** of a picture that was decoded in part */
  isDraft?: boolean;
  /** the list crops of the picture, as records of their own */
  crops?: Fields[];
  labels: unknown[];
}

/** Called with each problem of a record. */
export type Report = (code: FormatErrorCode, message: string) => void;

type Field = Exclude<keyof Fields, 'labels' | 'isDraft' | 'crops'> | 'label' | 'labels' | 'tags';

/**
 * Names of CSV columns and JSON members: ours and those of python-threatexchange's `dataset --csv`.
 */
const NAMES: Readonly<Record<string, Field>> = {
  hash: 'hash',
  signal_str: 'hash',
  algorithm: 'algorithm',
  signal_type: 'algorithm',
  label: 'label',
  labels: 'labels',
  tags: 'tags',
  file: 'label',
  quality: 'quality',
  source: 'source',
  collab: 'source',
  id: 'id',
  resample: 'resample',
  category: 'category',
  variant: 'variant',
  group: 'group',
  parts: 'parts',
  seconds: 'seconds',
  still: 'still',
};

const fieldOf = (name: string) => (Object.hasOwn(NAMES, name) ? NAMES[name] : undefined);

/**
 * The fields that a CSV header names. `undefined` if none of them is the hash, since the row is
 * then not a header.
 */
export function headerFrom(cells: readonly string[]): (Field | undefined)[] | undefined {
  const fields = cells.map((cell) => fieldOf(cell.toLowerCase()));
  return fields.includes('hash') ? fields : undefined;
}

/** The fields of a row under a header. Cells beyond the header are labels. */
export function fieldsByHeader(
  cells: readonly string[],
  header: readonly (Field | undefined)[],
): Fields {
  const fields: Fields = { labels: [] };
  cells.forEach((cell, at) => {
    const field = at < header.length ? header[at] : 'label';
    if (cell === '' || field === undefined) return;
    if (field === 'label') fields.labels.push(cell);
    else if (field === 'labels') fields.labels.push(...splitLabels(cell));
    else if (field === 'tags') fields.labels.push(...cell.split(/\s+/));
    else fields[field] ??= cell;
  });
  return fields;
}

/**
 * The fields of a row without a header: `hash[,label…]`, where the hash may be written `hash=HEX`.
 * A second cell that is empty or an integer 0…100 and is followed by a third is the quality, as in
 * the PDQ tool's `HASH,QUALITY,FILE`. After `hash=HEX`, the cells `quality=…`, `filename=…`,
 * `norm=…` and `delta=…` are the PDQ tool's as well.
 */
export function fieldsByPosition(cells: readonly string[]): Fields {
  const fields: Fields = { hash: cells[0], labels: [] };
  const first = cells[0]!;
  let labelsFrom = 1;
  if (/^hash=/i.test(first)) {
    fields.hash = first.slice(5);
    for (const cell of cells.slice(1)) {
      const [, key, value] = /^(quality|filename|norm|delta)=(.*)$/s.exec(cell) ?? [];
      if (key === 'quality') fields.quality ??= value;
      else if (key === 'filename') fields.labels.push(value);
      else if (key === undefined && cell !== '') fields.labels.push(cell);
    }
    return fields;
  }
  if (cells.length >= 3 && /^(?:\d\d?|100|)$/.test(cells[1]!)) {
    fields.quality = cells[1];
    labelsFrom = 2;
  }
  for (let at = labelsFrom; at < cells.length; at++) {
    if (cells[at] !== '') fields.labels.push(cells[at]);
  }
  return fields;
}

/**
 * The fields of a line of python-threatexchange's `dataset -P`: `pdq HEX 'collab' CATEGORY tag …`,
 * without the type or the collab if only one was requested. `undefined` for other lines, such as
 * any without a category.
 */
export function fieldsOfDataset(line: string): Fields | undefined {
  if (!line.includes('_CLASS') && !/INVESTIGATION_SEED|DISPUTED/.test(line)) return undefined;
  const found = DATASET_LINE.exec(line);
  if (!found) return undefined;
  const [, algorithm, hash, collab, category, tags = ''] = found;
  return {
    hash,
    category,
    ...(algorithm !== undefined && { algorithm }),
    ...(collab !== undefined && { source: fromRepr(collab) }),
    labels: tags.split(/\s+/).filter((tag) => tag !== ''),
  };
}

/** Linear: blanks separate the words, and none can match what comes after it. */
const DATASET_LINE =
  /^(?:([A-Za-z][\w-]*)[ \t]+)?([\dA-Fa-f]+)[ \t]+(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")[ \t]+)?(NEGATIVE_CLASS|INVESTIGATION_SEED|POSITIVE_CLASS|DISPUTED)(?:\s(.*))?$/s;

/** Text that Python's `repr` wrote, in either kind of quotes. */
function fromRepr(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gs, (_, x, u, long, one) => {
      const code = Number.parseInt(x ?? u ?? long ?? '', 16);
      if (Number.isNaN(code)) return ({ n: '\n', r: '\r', t: '\t' } as never)[one] ?? one;
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    });
}

/** The fields of a JSON object. Members of other names are ignored. */
export function fieldsOfObject(object: object): Fields {
  const fields: Fields = { labels: [] };
  for (const [name, value] of Object.entries(object)) {
    const field = fieldOf(name);
    if (field === undefined || value === null) continue;
    if (field === 'label' || field === 'labels' || field === 'tags') {
      if (Array.isArray(value)) for (const label of value) fields.labels.push(label);
      else fields.labels.push(value);
    } else fields[field] ??= value;
  }
  const { variants, decoding } = object as Record<string, unknown>;
  if (decoding === 'draft') fields.isDraft = true;
  if (Array.isArray(variants)) fields.crops = cropsFrom(variants, fields);
  return fields;
}

/**
 * The frames of a video as `onlyhashes hash --json` prints it, all of one group; undefined if it is
 * none. A video without frames has one record, which cannot be read.
 */
export function fieldsOfVideo(object: JsonObject): Fields[] | undefined {
  const frames = own(object, 'frames');
  if (own(object, 'algorithm') !== 'vpdq' || !Array.isArray(frames)) return undefined;
  const said: JsonObject = { ...object, algorithm: 'pdq', variant: 'frame', resample: 'none' };
  const hashes = frames.flatMap((each) => hashFrom('pdq', own(Object(each), 'hash')) ?? []);
  const group = groupOfFrames(hashes);
  if (frames.length === 0) return [fieldsOfObject(said)];
  return frames.map((each) => {
    const { hash, quality, seconds } = Object(each) as JsonObject;
    return fieldsOfObject({ ...said, hash, quality, seconds, group });
  });
}

/**
 * The list crops among the variants of a picture, with its labels, and the picture as their group.
 * Its other variants are not made for lists: a part of a screenshot may be from any picture.
 */
function cropsFrom(variants: readonly unknown[], { crops: _, ...picture }: Fields): Fields[] {
  const crops: Fields[] = [];
  for (const each of variants) {
    const { name, hash, quality, parts } = (each ?? {}) as Record<string, unknown>;
    if (!LIST_CROP_NAMES.includes(name as ListCropName)) continue;
    crops.push({ ...picture, hash, quality, parts, variant: name, group: picture.hash });
  }
  return crops;
}

/** The algorithms of records that name none, by the width of their hash. */
export type Unnamed = Readonly<Record<64 | 256, Algorithm>>;

/** Names of digests elsewhere; `video_md5` is that of python-threatexchange. */
const OTHER_NAMES: Readonly<Record<string, Digest>> = {
  video_md5: 'md5',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
};

/** Takes the algorithm out of a hash that names it: `pdq HEX` or `md5:HEX`. */
function takeName(fields: Fields): void {
  if (fields.algorithm !== undefined || typeof fields.hash !== 'string') return;
  const [, algorithm, hex] = /^([\w-]+)(?:[ \t]+|:)(\w+)$/.exec(fields.hash) ?? [];
  if (algorithm !== undefined) Object.assign(fields, { algorithm, hash: hex });
}

/**
 * The algorithm that a record names, else the given one; `undefined` for an unknown name. A hash
 * that names it has only its digits afterwards.
 */
export function algorithmFrom(fields: Fields, unnamed: Unnamed): Algorithm | undefined {
  takeName(fields);
  if (fields.algorithm === undefined) {
    const { length } = Object(fields.hash) as { length?: unknown };
    return unnamed[length === 16 ? 64 : 256];
  }
  const name = typeof fields.algorithm === 'string' ? fields.algorithm.toLowerCase() : '';
  const known = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
  return isAlgorithm(known) ? known : undefined;
}

/**
 * The entry of a record whose hash is known. A field that cannot be read is reported and omitted.
 */
export function entryFrom(hash: Hash, fields: Fields, report: Report): BlocklistEntry {
  const labels = fields.labels.filter((label) => typeof label === 'string' && label !== '');
  if (fields.labels.some((label) => typeof label !== 'string')) {
    report('bad-line', 'expected labels to be text: ignored, the entry is kept');
  }
  const entry: { -readonly [K in keyof BlocklistEntry]: BlocklistEntry[K] } = {
    hash,
    labels: labels as string[],
  };
  const quality = qualityFrom(fields.quality);
  if (quality !== undefined) entry.quality = quality;
  else if (given(fields.quality)) {
    report('bad-line', 'expected quality to be an integer 0 to 100: ignored, the entry is kept');
  }
  const source = textFrom(fields.source);
  if (source !== undefined) entry.source = source;
  else if (given(fields.source)) {
    report('bad-line', 'expected source to be text: ignored, the entry is kept');
  }
  const id = textFrom(fields.id);
  if (id !== undefined) entry.id = id;
  else if (given(fields.id)) {
    report('bad-line', 'expected id to be text or a safe integer: ignored, the entry is kept');
  }
  const resample = resampleFrom(fields.resample);
  if (resample !== undefined) entry.resample = resample;
  else if (given(fields.resample)) {
    report('bad-line', "expected resample to be 512 or 'none': ignored, the entry is kept");
  }
  const variant = textFrom(fields.variant);
  if (variant !== undefined) entry.variant = variant;
  else if (given(fields.variant)) {
    report('bad-line', 'expected variant to be text: ignored, the entry is kept');
  }
  const group = groupFrom(fields.group, hash);
  if (group !== undefined) entry.group = group;
  else if (given(fields.group)) {
    const message = 'expected group to be the hex digits of a hash: ignored, the entry is kept';
    report('bad-line', message);
  }
  const parts = partsFrom(fields.parts, hash);
  if (parts !== undefined) entry.parts = parts;
  else if (given(fields.parts)) {
    const message =
      'expected parts to be the hex digits of six PDQ hashes: ignored, the entry is kept';
    report('bad-line', message);
  }
  const seconds = secondsFrom(fields.seconds, hash);
  if (seconds !== undefined) entry.seconds = seconds;
  else if (given(fields.seconds)) {
    report(
      'bad-line',
      'expected seconds to be a number from 0, with PDQ: ignored, the entry is kept',
    );
  }
  const still = stillFrom(fields.still);
  if (still !== undefined) entry.still = still;
  else if (given(fields.still)) {
    report('bad-line', 'expected still to be true or false: ignored, the entry is kept');
  }
  return entry;
}

const given = (value: unknown) => value !== undefined && value !== '';

function qualityFrom(value: unknown): number | undefined {
  if (typeof value === 'string') return /^\d{1,3}$/.test(value) ? qualityFrom(+value) : undefined;
  const fits = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;
  return fits ? (value as number) : undefined;
}

function textFrom(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function groupFrom(value: unknown, { bytes }: Hash): string | undefined {
  const fits = typeof value === 'string' && value.length === 2 * bytes.length;
  return fits && /^[\da-f]+$/i.test(value) ? value.toLowerCase() : undefined;
}

function partsFrom(value: unknown, { algorithm }: Hash): string | undefined {
  const parts = typeof value === 'string' && algorithm === 'pdq' ? value.toLowerCase() : '';
  return isParts(parts) ? parts : undefined;
}

function secondsFrom(value: unknown, { algorithm }: Hash): number | undefined {
  const isNumber = typeof value === 'string' && /^\d{1,10}(?:\.\d{1,20})?$/.test(value);
  const seconds = isNumber ? Number(value) : value;
  const fits = typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS;
  return fits && algorithm === 'pdq' ? seconds : undefined;
}

function stillFrom(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

function resampleFrom(value: unknown): Resample | undefined {
  if (value === 512 || value === '512') return 512;
  return value === 'none' ? 'none' : undefined;
}
