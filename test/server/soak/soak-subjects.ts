import { plant, random, uniformHashes } from '../../../bench/workloads.js';
import type { Hash } from '../../../src/hash.js';
import { naiveScan } from '../../oracles/hamming.js';
import { History, type Query, type Subject } from '../shadow-set.js';

/** Entries of a soak. */
export const ENTRIES = 20_000;
/** Entries that come and go one by one are the first ones; behind them are those of SWAPPED. */
export const SINGLE = 300;
/** More than a follower changes in one step. */
export const TOGETHER = 300;
const BATCH = SINGLE + 2 * TOGETHER;
const STEADY = BATCH + TOGETHER;
/** Entries of one of the first three lists come and go one by one; the last ones stay. */
export const LISTS = ['FIRST', 'SECOND', 'CURATED', 'SWAPPED', 'BATCH', 'STEADY'] as const;
/** What all entries of the list BATCH are called. */
export const BATCH_ID = 'a batch';
/** The entry of the picture that is uploaded. It comes and goes like those of FIRST. */
export const PICTURED = ENTRIES - 1;
/** Farther than anything is told. */
const FARTHEST = 72;
const REVIEW_DISTANCE = 60;

function listOf(at: number): string {
  if (at < SINGLE) return LISTS[Math.floor(at / 2) % 3]!;
  if (at < BATCH) return 'SWAPPED';
  if (at < STEADY) return 'BATCH';
  return at === PICTURED ? 'FIRST' : 'STEADY';
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/**
 * Subjects, and queries about them at all distances.
 * @param pictured the hash of a picture that is listed, and of one that is not
 */
export function soakSubjects(pictured: readonly [Hash, Hash]) {
  const { bytes } = uniformHashes(ENTRIES, 1);
  const next = random(2);
  // Those that come and go lie near each other, in pairs.
  for (let at = 1; at < SINGLE; at += 2) plant(bytes, at - 1, bytes, at, 1 + (next() % 24), next);
  bytes.set(pictured[0].bytes, 32 * PICTURED);
  const subjects: Subject[] = Array.from({ length: ENTRIES }, (_, at) => ({
    hex: hexOf(bytes.subarray(32 * at, 32 * at + 32)),
    list: listOf(at),
    ...(listOf(at) === 'BATCH' && { id: BATCH_ID }),
    isIn: new History(true),
  }));
  const queryOf = (asked: Uint8Array): Query => ({
    hex: hexOf(asked),
    isAllowed: new History(false),
    near: naiveScan(bytes, 32, asked, REVIEW_DISTANCE).map(({ id, distance }) => ({
      subject: id,
      distance,
    })),
  });
  const near = (subject: number, flips: number): Query => {
    const asked = new Uint8Array(32);
    plant(bytes, subject, asked, 0, flips, next);
    return queryOf(asked);
  };
  const queries: Query[] = [];
  for (let at = 0; at < SINGLE; at++) {
    queries.push(near(at, next() % 32), near(at, next() % FARTHEST));
  }
  for (let at = SINGLE; at < STEADY; at += 6) queries.push(near(at, next() % 32));
  for (let count = 0; count < 100; count++) {
    queries.push(near(STEADY + (next() % (PICTURED - STEADY)), next() % FARTHEST));
  }
  const pictures = pictured.map(({ bytes: hash }) => queryOf(hash)) as [Query, Query];
  return { subjects, queries, pictures };
}
