import type { Hash, Resample } from '../hash.js';
import type { Segment } from '../indexing/segment.js';

/** What is said about an entry besides its hash. */
export interface EntryNote {
  readonly labels: readonly string[];
  readonly quality?: number;
  readonly source?: string;
  readonly id?: string;
  readonly resample?: Resample;
}

/** Entries by the ids of their index. */
export interface NotedEntries {
  /** one more than the highest id */
  readonly size: number;
  entryAt(id: number): EntryNote & { hash: Hash };
  idAt(id: number): string | undefined;
}

const NO_POSITION = 0xffffffff;
/** Texts that are looked up before one is written again; where every entry has its own, looking them up buys nothing. */
const MAX_SHARED = 1 << 16;

/**
 * Notes on the entries of a segment as bytes: for each id two words, where its text begins and how long it is, then the
 * texts, JSON in UTF-8, equal ones once. Only entries that are there: what was removed leaves nothing.
 */
export function notesOf(segment: Segment, entryAt: (id: number) => EntryNote): Uint8Array {
  const { nextId } = segment.shape;
  const places = new Uint32Array(2 * nextId);
  const texts: Buffer[] = [];
  const shared = new Map<string, number>();
  let length = 0;
  for (const entry of segment.ids) {
    const { labels, quality, source, id, resample } = entryAt(entry);
    if (labels.length === 0 && (quality ?? source ?? id ?? resample) === undefined) continue;
    const text = JSON.stringify({ labels, quality, source, id, resample });
    const known = shared.get(text);
    if (known !== undefined) {
      places[2 * entry] = known;
      places[2 * entry + 1] = Buffer.byteLength(text);
      continue;
    }
    if (shared.size < MAX_SHARED) shared.set(text, length);
    const bytes = Buffer.from(text);
    places[2 * entry] = length;
    places[2 * entry + 1] = bytes.length;
    texts.push(bytes);
    length += bytes.length;
  }
  return Buffer.concat([Buffer.from(places.buffer), ...texts], places.byteLength + length);
}

/**
 * The entries of a segment with the notes that `notesOf` wrote, read when they are asked for; without notes, hashes alone.
 * Notes that say something else than JSON of our own give an entry without labels: a checksum guards them.
 */
export function notedEntries(segment: Segment, notes: Uint8Array): NotedEntries {
  const { algorithm, bits, words, shape, ids } = segment;
  const { nextId, groups, count } = shape;
  const noted = notes.length >= 8 * nextId;
  const texts = notes.subarray(8 * nextId);
  const places = new DataView(notes.buffer, notes.byteOffset, noted ? 8 * nextId : 0);
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const decoder = new TextDecoder();
  let positions: Uint32Array | undefined;
  const positionOf = (id: number) => {
    // As a list of different hashes is built: no table is needed.
    if (groups === 0 && ids[id] === id) return id;
    if (positions === undefined) {
      positions = new Uint32Array(nextId).fill(NO_POSITION);
      for (let position = 0; position < count; position++) {
        const end = segment.startOf(position + 1);
        for (let i = segment.startOf(position); i < end; i++) positions[ids[i]!] = position;
      }
    }
    return positions[id] ?? NO_POSITION;
  };
  const noteOf = (id: number): Partial<EntryNote> => {
    if (!noted || id >= nextId) return {};
    const start = places.getUint32(8 * id, true);
    const length = places.getUint32(8 * id + 4, true);
    if (length === 0) return {};
    try {
      // A shared buffer is no input for a TextDecoder: the copy is.
      return JSON.parse(decoder.decode(texts.slice(start, start + length))) as Partial<EntryNote>;
    } catch {
      return {};
    }
  };
  return {
    size: nextId,
    idAt: (id) => noteOf(id).id,
    entryAt(id) {
      const position = positionOf(id);
      if (position === NO_POSITION) throw new RangeError(`expected the id of an entry, got ${id}`);
      const size = bits / 8;
      const hash = { algorithm, bytes: bytes.slice(position * size, (position + 1) * size) };
      return { labels: [], ...noteOf(id), hash };
    },
  };
}
