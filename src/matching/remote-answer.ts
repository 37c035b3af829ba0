import { checkInteger, checkObject, checkTypeOf } from '../door.js';
import { checkLabels } from '../entry.js';
import type { RemoteAnswer, RemoteHit } from '../exchange/remote-matcher.js';
import { bitsOf, distance as distanceOf, type Hash } from '../hash.js';
import { copyOfHash, keyOfHash } from './hash-key.js';

/** The most hits, labels and characters that are read. A longer answer is not believed. */
const MOST_READ = 100_000;
const MOST_LABELS = 1000;
const MOST_CHARACTERS = 10_000;

/**
 * Copies of the hits in what a matcher answered about `hash` alone; an empty list if it said
 * `none`. `unanswered` if it did not answer, or answered what cannot be: about another hash, twice,
 * at a distance that is not the hash's, or in a wrong form. One wrong part spoils the answer.
 */
export function outcomeOf(answers: unknown, hash: Hash): readonly RemoteHit[] | 'unanswered' {
  try {
    if (!Array.isArray(answers) || answers.length !== 1) return 'unanswered';
    const given = answers[0] as Partial<Extract<RemoteAnswer, { answer: 'hits' }>>;
    checkObject(given, 'an answer: { hash, answer }');
    if (keyOfHash(given.hash as Hash) !== keyOfHash(hash)) return 'unanswered';
    const answer: unknown = given.answer;
    if (answer === 'none') return given.hits === undefined ? [] : 'unanswered';
    if (answer !== 'hits') return 'unanswered';
    const { hits } = given;
    if (!Array.isArray(hits) || hits.length === 0 || hits.length > MOST_READ) return 'unanswered';
    // Not by `map`, which skips holes.
    const copies = Array.from(hits as readonly RemoteHit[], (hit) => checkedCopy(hit, hash));
    const far = bitsOf(hash);
    return copies.sort((a, b) => (a.distance ?? far) - (b.distance ?? far));
  } catch {
    return 'unanswered';
  }
}

/** @throws {TypeError | RangeError} if `hit` is invalid */
function checkedCopy(hit: RemoteHit, asked: Hash): RemoteHit {
  checkObject(hit, 'a hit to be an object');
  const { source, labels, id, hash, confirmed } = hit;
  if (labels !== undefined) {
    checkLabels(labels);
    checkInteger('labels', labels.length, 0, MOST_LABELS);
    for (const label of labels) checkInteger('characters', label.length, 0, MOST_CHARACTERS);
  }
  checkTypeOf('source', source, 'string');
  checkTypeOf('id', id, 'string');
  for (const { length } of [source ?? '', id ?? '']) {
    checkInteger('characters', length, 0, MOST_CHARACTERS);
  }
  const actual = hash && distanceOf(asked, hash);
  const { distance = actual } = hit;
  if (distance !== undefined)
    checkInteger('distance', distance, actual ?? 0, actual ?? bitsOf(asked));
  checkTypeOf('confirmed', confirmed, 'boolean');
  return {
    ...(source !== undefined && { source }),
    labels: [...(labels ?? [])],
    ...(id !== undefined && { id }),
    ...(hash !== undefined && { hash: copyOfHash(hash) }),
    ...(distance !== undefined && { distance }),
    ...(confirmed !== undefined && { confirmed }),
  };
}
