import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ahash,
  type Blocklist,
  blockhash,
  createBlocklist,
  type Decision,
  DecodeError,
  decisionToJSON,
  dhash,
  hashPixels,
  match,
  pdq,
  pdqDihedral,
  phash,
  policyFor,
} from '../../src/index.js';
import { type HashFileOptions, hash as hashFile } from '../../src/node/index.js';
import { readPnm } from '../pictures/pnm.js';
import { ALL, type Answers, differences, digest } from './answer-record.js';
import { FIXTURES, filesBelow, KINDS, photoEntries, photos, REFERENCE_DATA } from './asked.js';

/** How files are hashed. */
const FILE_SETS: Record<string, HashFileOptions> = {
  'thorough + crops': { variants: 'thorough', crops: true },
  'dihedral, none': { variants: 'dihedral', resample: 'none' },
  'exact, stored': { exact: true, orientation: 'stored' },
  'blockhash 256 thorough': { algorithm: 'blockhash', bits: 256, variants: 'thorough' },
  'blockhash 64': { algorithm: 'blockhash', bits: 64 },
  'phash 64 dihedral': { algorithm: 'phash', bits: 64, variants: 'dihedral' },
  'dhash 256': { algorithm: 'dhash', bits: 256 },
  'ahash 64': { algorithm: 'ahash', bits: 64 },
};
/**
 * Sets that are only applied to small pictures, unless `ANSWERS=all`: they take most of the time.
 */
const SLOW = ['dihedral, none', 'blockhash 256 thorough', 'phash 64 dihedral'];

/** No picture times out on a busy machine. */
const PATIENT: HashFileOptions = { timeoutSeconds: 600 };

/** What was recorded of a decision. Members of its JSON that are added later are not answers. */
function answerOf(decision: Decision) {
  const { verdict, reason, matches, policy } = decisionToJSON(decision);
  const recorded = matches.map(({ distance, tier, variant, hash, labels, geometry }) => ({
    ...{ distance, tier, variant, hash, labels },
    ...(geometry && { geometry }),
  }));
  return { verdict, reason, matches: recorded, policy };
}

/** The hashes and decisions of one file, for every set. */
async function answersOf(path: string, blocklist: Blocklist, slow: boolean) {
  const bytes = readFileSync(path);
  const sets = Object.entries(FILE_SETS).filter(([name]) => slow || !SLOW.includes(name));
  const answers = sets.map(async ([name, options]) => {
    const image = await hashFile(bytes, { ...options, ...PATIENT }).catch((error: unknown) => {
      if (error instanceof DecodeError) return error;
      throw error;
    });
    const decisions = [false, true].map((all) => answerOf(match(image, blocklist, { all })));
    const hashes = image instanceof DecodeError ? image.code : digest(image);
    return [
      [name, hashes],
      [`${name}: decision`, digest(decisions)],
    ] as const;
  });
  return Object.fromEntries((await Promise.all(answers)).flat());
}

describe('picture files', () => {
  let blocklist: Blocklist;
  beforeAll(async () => {
    blocklist = createBlocklist(await photoEntries());
  });

  const asked = async (folder: string, files: readonly string[], slow: boolean) => {
    const answers: Answers = {};
    for (const file of files) answers[file] = await answersOf(join(folder, file), blocklist, slow);
    expect(Object.keys(answers).length).toBeGreaterThan(0);
    return answers;
  };

  test.each(['photos', 'images', 'heic'])('fixtures/%s', async (name) => {
    const folder = join(FIXTURES, name);
    const answers = await asked(folder, filesBelow(folder), ALL || name !== 'photos');
    expect(differences(name, answers)).toEqual([]);
  });

  const reference = REFERENCE_DATA;
  if (reference) {
    test("the reference's own images", async () => {
      const folder = join(reference, 'images');
      const known = new Set(
        photos.map(({ file }) => digest(readFileSync(join(FIXTURES, 'photos', file)))),
      );
      // The others are those of fixtures/photos, byte for byte.
      const files = filesBelow(folder).filter(
        (file) => !known.has(digest(readFileSync(join(folder, file)))),
      );
      expect(differences('reference images', await asked(folder, files, ALL))).toEqual([]);
    });
  } else {
    test.skip("the reference's own images (PDQ_REFERENCE_DATA does not name their folder)", () => {});
  }
});

describe('pixels', () => {
  const answersOfPixels = (folder: string): Answers =>
    Object.fromEntries(
      filesBelow(folder).map((file) => {
        const pixels = readPnm(join(folder, file));
        const answers: Record<string, unknown> = {};
        for (const resample of [512, 'none'] as const) {
          answers[`pdq ${resample}`] = pdq(pixels, { resample });
          answers[`pdq ${resample} exact`] = pdq(pixels, { resample, exact: true });
          answers[`pdqDihedral ${resample}`] = pdqDihedral(pixels, { resample });
        }
        for (const bits of [64, 256] as const) {
          for (const [name, hash] of Object.entries({ ahash, blockhash, dhash, phash })) {
            answers[`${name} ${bits}`] = hash(pixels, { bits });
          }
        }
        answers['thorough + crops'] = hashPixels(pixels, { variants: 'thorough', crops: true });
        const digests = Object.entries(answers).map(([what, answer]) => [what, digest(answer)]);
        return [file, Object.fromEntries(digests)];
      }),
    );

  test('fixtures/pdq', () => {
    const answers = answersOfPixels(join(FIXTURES, 'pdq'));
    expect(Object.keys(answers)).toHaveLength(28);
    expect(differences('pixels', answers)).toEqual([]);
  });

  const reference = REFERENCE_DATA;
  if (reference) {
    test("the reference's own pixels", () => {
      const answers = answersOfPixels(join(reference, 'pixels'));
      expect(differences('reference pixels', answers)).toEqual([]);
    });
  } else {
    test.skip("the reference's own pixels (PDQ_REFERENCE_DATA does not name their folder)", () => {});
  }
});

test('policies', () => {
  const every = [...KINDS, ['phash', 256], ['dhash', 64], ['ahash', 256]] as const;
  const answers = every.map(([algorithm, bits]) => [
    `${algorithm} ${bits}`,
    { policy: JSON.stringify(policyFor(algorithm, bits)) },
  ]);
  expect(differences('policies', Object.fromEntries(answers))).toEqual([]);
});
