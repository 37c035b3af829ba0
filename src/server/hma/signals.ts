import { type Algorithm, type Hash, hashFrom, hashToHex, WIDTHS } from '../../hash.js';
import { Refusal } from '../http/route.js';

/** HMA's signal types, and the algorithms that they are here. */
const SIGNAL_TYPES = { pdq: 'pdq', video_md5: 'md5' } as const satisfies Record<string, Algorithm>;

export type SignalType = keyof typeof SIGNAL_TYPES;

export const SIGNAL_NAMES = Object.keys(SIGNAL_TYPES) as SignalType[];

/** HMA's content types, and the signal type that each has. */
const CONTENT_TYPES = { photo: 'pdq', video: 'video_md5' } as const;

export type ContentType = keyof typeof CONTENT_TYPES;

export const CONTENT_NAMES = Object.keys(CONTENT_TYPES) as ContentType[];

/** The type and width of a signal type's hashes. */
export function kindOfSignal(type: SignalType) {
  const algorithm = SIGNAL_TYPES[type];
  return { algorithm, bits: WIDTHS[algorithm][0] } as const;
}

/** @throws {Refusal} 400 */
export function signalType(name: string): SignalType {
  if (Object.hasOwn(SIGNAL_TYPES, name)) return name as SignalType;
  throw new Refusal('bad-request', `expected a signal type: ${SIGNAL_NAMES.join(' or ')}`);
}

/** @throws {Refusal} 400 */
export function contentType(name: string): ContentType {
  if (Object.hasOwn(CONTENT_TYPES, name)) return name as ContentType;
  throw new Refusal('bad-request', `expected a content type: ${CONTENT_NAMES.join(' or ')}`);
}

/**
 * Checks that content of this type has all signal types in a query.
 * @throws {Refusal} 400
 */
export function checkSignalTypes(types: string | null, content: ContentType): void {
  const named = types?.split(',').map((type) => type.trim());
  const kept = named?.filter((type) => type !== '');
  if (kept?.length === 0) throw new Refusal('bad-request', 'expected types to name a signal type');
  for (const type of kept ?? []) {
    if (signalType(type) === CONTENT_TYPES[content]) continue;
    throw new Refusal('bad-request', `expected types that content of type ${content} has`);
  }
}

/** @throws {Refusal} 400 */
export function hashOfSignal(type: SignalType, hex: string): Hash {
  const { algorithm, bits } = kindOfSignal(type);
  const hash = hashFrom(algorithm, hex);
  if (hash) return hash;
  throw new Refusal('bad-request', `expected a signal of ${bits / 4} hex digits`);
}

/** The signals of an entry; none if HMA has no type for its algorithm. */
export const signalsOf = (hash: Hash): Record<string, string> =>
  Object.fromEntries(
    SIGNAL_NAMES.filter((type) => SIGNAL_TYPES[type] === hash.algorithm).map((type) => [
      type,
      hashToHex(hash),
    ]),
  );
