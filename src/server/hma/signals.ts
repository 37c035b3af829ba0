import type { BlocklistEntry } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, type Hash, hashFrom, hashToHex, WIDTHS } from '../../hash.js';
import { readVpdq, type VpdqFrame, writeVpdq } from '../../text/vpdq.js';
import { Refusal } from '../http/route.js';

/** HMA's signal types, and the algorithms that they are here. */
const SIGNAL_TYPES = {
  pdq: 'pdq',
  video_md5: 'md5',
  vpdq: 'pdq',
} as const satisfies Record<string, Algorithm>;

export type SignalType = keyof typeof SIGNAL_TYPES;

export const SIGNAL_NAMES = Object.keys(SIGNAL_TYPES) as SignalType[];

/** HMA's content types, and the signal types that each has. */
const CONTENT_TYPES = {
  photo: ['pdq'],
  video: ['video_md5', 'vpdq'],
} as const satisfies Record<string, readonly SignalType[]>;

export type ContentType = keyof typeof CONTENT_TYPES;

export const CONTENT_NAMES = Object.keys(CONTENT_TYPES) as ContentType[];

/** The type and width of a signal type's hashes; of a video, those of its frames. */
export function kindOfSignal(type: SignalType) {
  const algorithm = SIGNAL_TYPES[type];
  return { algorithm, bits: WIDTHS[algorithm][0] } as const;
}

/** @throws {Refusal} 400 */
export function signalType(name: string): SignalType {
  if (Object.hasOwn(SIGNAL_TYPES, name)) return name as SignalType;
  throw new Refusal('bad-request', `expected a signal type: ${SIGNAL_NAMES.join(', ')}`);
}

/** @throws {Refusal} 400 */
export function contentType(name: string): ContentType {
  if (Object.hasOwn(CONTENT_TYPES, name)) return name as ContentType;
  throw new Refusal('bad-request', `expected a content type: ${CONTENT_NAMES.join(' or ')}`);
}

/**
 * The signal types that a query names, or all that content of this type has.
 * @throws {Refusal} 400 if content of this type has not all of them
 */
export function signalTypes(types: string | null, content: ContentType): readonly SignalType[] {
  const all: readonly SignalType[] = CONTENT_TYPES[content];
  if (types === null) return all;
  const named = types.split(',').map((type) => type.trim());
  const kept = named.filter((type) => type !== '').map(signalType);
  if (kept.length === 0) throw new Refusal('bad-request', 'expected types to name a signal type');
  if (kept.every((type) => all.includes(type))) return kept;
  throw new Refusal('bad-request', `expected types that content of type ${content} has`);
}

/** @throws {Refusal} 400 */
export function hashOfSignal(type: Exclude<SignalType, 'vpdq'>, hex: string): Hash {
  const { algorithm, bits } = kindOfSignal(type);
  const hash = hashFrom(algorithm, hex);
  if (hash) return hash;
  throw new Refusal('bad-request', `expected a signal of ${bits / 4} hex digits`);
}

/**
 * The frames of a `vpdq` signal, in any form that the readers of vPDQ know.
 * @throws {Refusal} 400
 */
export async function framesOfSignal(text: string): Promise<VpdqFrame[]> {
  try {
    return await readVpdq([text]);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new Refusal('bad-request', 'expected a JSON list of frames: "hash,quality,seconds"');
  }
}

/** The frames of a video as a signal, as python-threatexchange reads it. */
export const signalOfFrames = (frames: readonly VpdqFrame[]): string =>
  writeVpdq(frames, { format: 'json' }).trimEnd();

/** The signals of content by its entries; none if HMA has no type for an algorithm. */
export function signalsOf(entries: readonly BlocklistEntry[]): Record<string, string> {
  const frames = entries.flatMap(({ hash, quality = 100, seconds, variant }): VpdqFrame[] =>
    // A video that is turned has each frame as displayed, too. HMA knows only the stored ones.
    seconds === undefined || variant === 'original' ? [] : [{ hash, quality, seconds }],
  );
  const others = entries.flatMap(({ hash, seconds }) =>
    SIGNAL_NAMES.filter((type) => type !== 'vpdq' && SIGNAL_TYPES[type] === hash.algorithm)
      .filter(() => seconds === undefined)
      .map((type) => [type, hashToHex(hash)] as const),
  );
  frames.sort((a, b) => a.seconds - b.seconds);
  return {
    ...Object.fromEntries(others),
    ...(frames.length > 0 && { vpdq: signalOfFrames(frames) }),
  };
}
