import { PackedEntries } from '../exchange/index.js';
import { type Algorithm, type Bits, DEFAULT_BITS, type Hash } from '../index.js';
import { isDegenerate } from '../matching/index.js';
import type { OpenedIndex } from '../node/index.js';
import { type Call, Failure, type Option, UsageError } from './command.js';
import { HASH_OPTIONS } from './hash.js';
import { type ListOptions, listName, readList } from './list.js';

/** Hashes that can be compared with each other: those of one algorithm and width. */
export interface Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
}

/** What of a list is asked for: all of it, or what the command line states. */
export interface Wanted {
  readonly algorithm: Algorithm | undefined;
  readonly bits: Bits | undefined;
  readonly allowEmpty: boolean;
}

/** Entries of one kind: a table of a text list, or an index file. */
export type ListPart = PackedEntries | OpenedIndex;

/** The options of a command that takes a list. */
export const LIST_OPTIONS = {
  algorithm: {
    about: 'use only these hashes of the list; hashes that name no algorithm are taken for them',
    choices: HASH_OPTIONS.algorithm.choices,
  },
  bits: HASH_OPTIONS.bits,
  'allow-empty': { about: 'go on if the list has no hash that can be matched' },
} as const satisfies Record<string, Option>;

/**
 * What the command line asks for.
 * @throws {UsageError} if PDQ is to have 64 bits
 */
export function wantedOf(call: Call): Wanted {
  const algorithm = call.text('algorithm') as Algorithm | undefined;
  const bits = call.text('bits') === undefined ? undefined : (Number(call.text('bits')) as Bits);
  if (algorithm === 'pdq' && bits === 64) throw new UsageError('--bits: expected 256 of pdq');
  return { algorithm, bits, allowEmpty: call.on('allow-empty') };
}

/**
 * The parts of a list that are asked for, each of another kind and with something to match. What is left aside is told.
 * There are none only if the list is empty and may be.
 * @throws {Failure} if there is nothing to match, or nothing of the algorithm and width that were stated
 */
export async function readParts(
  path: string,
  { algorithm, bits, allowEmpty }: Wanted,
  options: Omit<ListOptions, 'algorithm'>,
): Promise<ListPart[]> {
  const name = listName(path);
  const list = await readList(path, { algorithm, ...options });
  const all: ListPart[] = Array.isArray(list) ? list : [list];
  const parts = all.filter(isComparable);
  if (parts.length === 0) {
    const degenerate = all.some((part) => sizeOf(part) > 0 || leftOutOf(part) > 0);
    const why = degenerate ? 'all its hashes are degenerate, too plain to match' : 'it has no hash';
    if (!allowEmpty) throw new Failure(`${name}: ${why}`);
    options.out.say(name, why);
    return [];
  }
  const width = bits ?? (algorithm && DEFAULT_BITS[algorithm]);
  const isWanted = (part: ListPart) => {
    const kind = kindOf(part);
    return (algorithm ?? kind.algorithm) === kind.algorithm && (width ?? kind.bits) === kind.bits;
  };
  const wanted = parts.filter(isWanted);
  if (wanted.length === 0) {
    const stated = [algorithm, width && `${width} bits`].filter(Boolean).join(' of ');
    const held = parts.map((part) => kindName(kindOf(part))).join(', ');
    throw new Failure(`${name}: expected hashes of ${stated}, it has ${held}`);
  }
  // Lines of the PDQ tool name no algorithm; that they have a quality gives them away.
  if (algorithm !== undefined && algorithm !== 'pdq' && wanted.some(hasQuality)) {
    throw new Failure(
      `${name}: expected hashes of ${algorithm}, it has some with a quality, as only PDQ's have`,
    );
  }
  for (const part of all) {
    if (wanted.includes(part)) continue;
    const why = isWanted(part) ? ', all degenerate' : '';
    options.out.say(name, `left aside: ${sizeOf(part)} of ${kindName(kindOf(part))}${why}`);
  }
  return wanted;
}

/** The algorithm and width of a part. */
export function kindOf(part: ListPart): Kind {
  const { algorithm, bits } = part instanceof PackedEntries ? part : part.index;
  return { algorithm, bits };
}

/** What a kind is called. */
export const kindName = ({ algorithm, bits }: Kind) => `${algorithm} of ${bits} bits`;

const leftOutOf = (part: ListPart) => ('degenerate' in part && part.degenerate) || 0;

const sizeOf = (part: ListPart) => (part instanceof PackedEntries ? part.size : part.index.size);

/** Whether a search can find anything in it. */
function isComparable(part: ListPart): boolean {
  if (part instanceof PackedEntries) {
    for (let row = 0; row < part.size; row++) if (!isDegenerate(part.hashAt(row))) return true;
    return false;
  }
  const { index, entries } = part;
  const says = (id: number) => !isDegenerate(entries.entryAt(id).hash);
  try {
    if (says(0)) return true;
  } catch {
    // That entry was removed.
  }
  // Ids have gaps: a search that takes every distance lists them, at 25 MB a million.
  const any: Hash = { algorithm: index.algorithm, bytes: new Uint8Array(index.bits / 8) };
  const hits = new Uint32Array(2 * index.size);
  index.searchInto(any, index.bits, hits);
  return hits.some((id, at) => at % 2 === 0 && says(id));
}

function hasQuality(part: ListPart): boolean {
  if (!(part instanceof PackedEntries)) return false;
  for (let row = 0; row < part.size; row++) if (part.qualityAt(row) !== undefined) return true;
  return false;
}
