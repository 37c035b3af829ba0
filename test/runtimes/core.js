import {
  createBlocklist,
  createBundle,
  createIndex,
  decisionFromJSON,
  entriesOfBundle,
  explain,
  hashFromHex,
  hashPixels,
  hashToHex,
  indexFromBuffer,
  match,
  pdq,
  pdqDihedral,
  readBundle,
  readHashList,
  writeHashList,
} from 'onlyhashes';

/*
 * The part of the program that needs nothing but the language: every runtime runs it, a Worker
 * without any of Node's modules too.
 */

/** The pictures of a question: binary PGM or PPM files, in base64. */
const picturesOf = ({ pictures }) =>
  pictures.map(({ name, base64 }) => ({
    name,
    bytes: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
  }));

/** The pixels of a binary PGM or PPM file. */
export function pixelsOf(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 40));
  const [head, kind, width, height] = /^P([56])\n(\d+) (\d+)\n255\n/.exec(start);
  return {
    data: bytes.slice(head.length),
    width: Number(width),
    height: Number(height),
    channels: kind === '5' ? 1 : 3,
  };
}

/** What each step gave, or why it gave nothing. */
export async function factsOf(steps) {
  const facts = {};
  for (const [name, step] of Object.entries(steps)) {
    try {
      facts[name] = { value: await step() };
    } catch (error) {
      facts[name] = { name: error.name, code: error.code, message: error.message };
    }
  }
  return facts;
}

/** The list of a question: every picture but the last. */
export function listed(input) {
  const hashes = picturesOf(input).map(({ bytes }) => pdq(pixelsOf(bytes)).hash);
  const last = hashes.pop();
  return { hashes, last };
}

export function coreSteps(input) {
  const pictures = picturesOf(input).map(({ name, bytes }) => ({ name, ...pixelsOf(bytes) }));
  const { hashes, last } = listed(input);
  return {
    /** of each picture: the hash, its quality, and the hashes of its eight orientations */
    hashes: () =>
      pictures.map(({ name, ...pixels }) => {
        const { hash, quality } = pdq(pixels, { resample: 'none' });
        const { hashes: forms } = pdqDihedral(pixels, { resample: 'none' });
        return {
          ...{ name, pdq: hashToHex(hash), quality },
          dihedral: Object.values(forms).map(hashToHex),
        };
      }),
    /** what an index of 4,000 hashes finds, saved and opened again, and what its loops run in */
    search: () => {
      const many = Array.from({ length: 4000 }, (_, i) => near(hashes[0], 60 + (i % 100), i));
      const index = createIndex([...many, near(hashes[1], 31, 0), near(hashes[1], 32, 0)]);
      const opened = indexFromBuffer(index.toBuffer());
      const { engine, kernel } = index.explain(31).parts[0];
      const hits = [index, opened].map((one) => one.search(hashes[1], 31));
      return { engine, kernel, hits };
    },
    /** decisions about a listed picture and another, through JSON and back */
    decisions: async () => {
      const list = await createBlocklist(readHashList(textOf(hashes)));
      return [hashes[2], last].map((hash) => {
        const decision = match({ hash, quality: 100, variants: [] }, list);
        const text = JSON.stringify(decision);
        const again = decisionFromJSON(JSON.parse(text));
        return { ...told(decision), isSame: JSON.stringify(again) === text };
      });
    },
    /** a list written and read, and the line of what is no hash */
    lists: async () => {
      const problems = [];
      const onProblem = ({ code, line }) => problems.push({ code, line });
      const text = `${textOf(hashes)}no hash\n`;
      const entries = [];
      for await (const entry of readHashList(text, { onProblem })) entries.push(entry);
      return { entries: entries.length, isSame: textOf(hashes) === written(entries), problems };
    },
    /** a bundle of a picture with its variants, written and read */
    bundles: async () => {
      const { name: _, ...pixels } = pictures[3];
      const image = hashPixels(pixels, { variants: 'thorough' });
      const { bundle } = await createBundle([image], { day: '2026-11-27' });
      const { text } = bundle;
      const entries = [...entriesOfBundle(readBundle(text))];
      const hexes = entries.map(({ hash }) => hashToHex(hash));
      return { isWhole: image.variants.every(({ hash }) => hexes.includes(hashToHex(hash))) };
    },
  };
}

export const told = (decision) => ({
  verdict: decision.verdict,
  reason: decision.reason,
  explanation: explain(decision),
});

/** A hash with so many bits of another, chosen by a number. */
function near(hash, bits, seed) {
  const bytes = hash.bytes.slice();
  for (let i = 0; i < bits; i++) {
    const at = (seed * 7 + i * 101) % 256;
    bytes[at >> 3] ^= 1 << (at & 7);
  }
  return { algorithm: hash.algorithm, bytes };
}

const written = (entries) => [...writeHashList(entries, { format: 'csv' })].join('');
const textOf = (hashes) =>
  written(hashes.map((hash, i) => ({ hash: again(hash), labels: [`picture ${i}`] })));
const again = (hash) => hashFromHex('pdq', hashToHex(hash));
