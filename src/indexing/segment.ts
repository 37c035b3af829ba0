import { bitsAt, gatherSpans, SPAN, searchSpans, touchSpans } from '../kernels/bands.js';
import { EntryStore } from './entry-store.js';
import type { SnapshotOptions } from './hamming-index.js';
import { byteLengthOf, HEADER_BYTES, offsetsLength, type Shape } from './layout.js';
import { type SearchPlan, searchPlan } from './plan.js';

/** Spans that are touched before any is searched: of 512 the lines stay in the second cache, and more gain nothing. */
const TOUCHED = 512 * SPAN;

/**
 * Different hashes that do not change, with the ids of each, and unless it has no bands the buckets of multi-index
 * hashing, all in one buffer (`layout.ts`) that workers may share and files may hold.
 */
export class Segment extends EntryStore {
  readonly shape: Shape;
  override readonly bands: number;
  readonly starts: Uint32Array;
  /** of all bands; band after band, 2^width each, and the end */
  readonly offsets: Uint32Array;
  readonly positions: Uint32Array;
  readonly sketches: Int32Array;
  readonly notes: Uint8Array;
  readonly #plans: (SearchPlan | undefined)[] = [];
  readonly #seen: Uint32Array;
  #spans = new Int32Array(0);
  /** keeps what `touchSpans` read, so that no engine leaves it out */
  touched = 0;

  /** Attaches to `buffer`, which is kept; it must hold what `shape` tells. */
  constructor(shape: Shape, buffer: ArrayBufferLike, byteOffset = 0) {
    super(shape, 0);
    const { bits, bands, count, entries, groups, notesLength } = shape;
    this.shape = shape;
    this.bands = bands;
    this.count = count;
    let end = byteOffset + HEADER_BYTES;
    const words = (length: number) => {
      const start = end;
      end += 4 * length;
      return new Uint32Array(buffer, start, length);
    };
    const signed = ({ byteOffset, length }: Uint32Array) =>
      new Int32Array(buffer, byteOffset, length);
    this.words = signed(words((count * bits) / 32));
    this.ids = words(entries);
    this.starts = words(groups + 1);
    this.offsets = words(offsetsLength(shape));
    this.positions = words(bands * count);
    this.sketches = signed(words(bands * count));
    this.notes = new Uint8Array(buffer, end, notesLength);
    this.#seen = new Uint32Array(bands === 0 ? 0 : Math.ceil(count / 32));
  }

  override get entries(): number {
    return this.shape.entries;
  }

  override startOf(position: number): number {
    const { entries, groups, count } = this.shape;
    return position < groups ? this.starts[position]! : position + entries - count;
  }

  override plan(maxDistance: number): SearchPlan {
    this.#plans[maxDistance] ??= searchPlan(this.shape, maxDistance);
    return this.#plans[maxDistance];
  }

  /** As of an entry store; all hashes where the plan has bands. Where this query's buckets hold so much that a scan is cheaper, they are scanned. */
  override search(
    query: Int32Array,
    max: number,
    out: Uint32Array,
    from?: number,
    to?: number,
  ): number {
    const { probes, probeCount, worth } = this.plan(max);
    if (!probes) return super.search(query, max, out, from, to);
    const { positions } = this;
    const perHash = this.bits >> 5;
    if (this.#spans.length < SPAN * probeCount) this.#spans = new Int32Array(SPAN * probeCount);
    const spans = this.#spans;
    let length = 0;
    for (const { start, width, base, masks, limit } of probes) {
      length = gatherSpans(
        this.offsets,
        base,
        bitsAt(query, perHash, 0, start) & ((1 << width) - 1),
        masks,
        positions.length,
        bitsAt(query, perHash, 0, (start + width) % this.bits),
        limit,
        spans,
        length,
      );
    }
    let candidates = 0;
    for (let i = 0; i < length; i += SPAN) candidates += spans[i + 1]! - spans[i]!;
    if (candidates > worth) return super.search(query, max, out);
    const seen = this.#seen;
    let total = 0;
    for (let i = 0; i < length; i += TOUCHED) {
      const end = Math.min(i + TOUCHED, length);
      this.touched = touchSpans(this.sketches, spans, i, end);
      total = searchSpans(
        this.words,
        perHash,
        positions,
        this.sketches,
        spans,
        i,
        end,
        query,
        max,
        seen,
        out,
        total,
      );
    }
    // The marks of what was found are taken off again: by what `out` tells, or all where it had no room.
    if (2 * total > out.length) seen.fill(0);
    else for (let i = 0; i < 2 * total; i += 2) seen[out[i]! >>> 5] = 0;
    return total;
  }
}

/** A segment of that shape with its notes, all else to be filled in; shared for workers. */
export function blankSegment(
  shape: Omit<Shape, 'generation' | 'degenerate' | 'notesLength'>,
  { notes = new Uint8Array(0), generation = 0, degenerate, shared }: SnapshotOptions,
): Segment {
  const whole = { ...shape, generation, degenerate, notesLength: notes.length };
  const byteLength = byteLengthOf(whole);
  const segment = new Segment(
    whole,
    shared ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength),
  );
  segment.notes.set(notes);
  return segment;
}
