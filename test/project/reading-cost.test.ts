import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/*
 * What it costs to read the code: how many files one must open to follow a file, and how many
 * arguments one must keep apart. Both grow unseen, a line at a time.
 */

const SRC = join(import.meta.dirname, '../../src');

const sources = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => [
      file,
      ts.createSourceFile(
        file,
        readFileSync(join(SRC, file), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      ),
    ]),
);

function eachNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => eachNode(child, visit));
}

/** For each file of src, those that it imports or re-exports from, types too; not dynamically. */
const imports = new Map(
  [...sources].map(([file, source]) => {
    const specifiers: string[] = [];
    eachNode(source, (node) => {
      let specifier: ts.Node | undefined;
      if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
        specifier = node.moduleSpecifier;
      } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
        specifier = node.argument.literal;
      }
      if (specifier && ts.isStringLiteral(specifier)) specifiers.push(specifier.text);
    });
    const targets = specifiers
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) =>
        normalize(join(dirname(file), specifier))
          .split(sep)
          .join('/'),
      )
      .map((target) => target.replace(/\.js$/, '.ts'))
      .filter((target) => sources.has(target));
    return [file, targets];
  }),
);

/** `file` and all that it pulls in, without `leftOut` and what that alone pulls in. */
function chainOf(file: string, leftOut?: string): string[] {
  const chain = new Set([file]);
  // A set goes on to what is added while it is gone through.
  for (const next of chain) {
    for (const target of imports.get(next)!) if (target !== leftOut) chain.add(target);
  }
  return [...chain].sort();
}

test('a chain holds values and types, direct and indirect, and no excluded ones', () => {
  const chain = chainOf('hashing/pdq-dihedral.ts');
  expect(chain).toEqual(expect.arrayContaining(chainOf('hashing/pdq.ts')));
  expect(chain).toContain('variant.ts');
  expect(chainOf('hashing/pdq.ts')).toContain('hashing/pdq-fast.ts');
  expect(chainOf('entry.ts')).toEqual(['door.ts', 'entry.ts', 'hash.ts']);
  expect(chainOf('entry.ts', 'door.ts')).toEqual(['entry.ts', 'hash.ts']);
});

/** Without the SIMD forms of loops: each stands in JavaScript, too, where it is called. */
const readOf = (file: string, leftOut?: string) =>
  chainOf(file, leftOut).filter((one) => !one.startsWith('kernels/simd/'));

test('PDQ is read in nine files, and in fifteen with its fast path, SIMD apart', () => {
  expect(readOf('hashing/pdq.ts', 'hashing/pdq-fast.ts').length).toBeLessThanOrEqual(9);
  expect(readOf('hashing/pdq.ts').length).toBeLessThanOrEqual(15);
});

test('checking an upload is read in 61 files, besides variants, hashing and videos', () => {
  const rooms = /^(variants|hashing|kernels|text|video|(node|matching)\/video)\/|^[^/]+$/;
  const chain = chainOf('node/pool/create-hash-pool.ts').filter((file) => !rooms.test(file));
  expect(chain.length).toBeLessThanOrEqual(61);
});

test('a list is read in 21 short files; matching does not need the files that change it', () => {
  const besides = /^kernels\/|^[^/]+$/;
  const chain = chainOf('blocklist/blocklist.ts').filter((file) => !besides.test(file));
  expect(chain.length).toBeLessThanOrEqual(21);
  const lines = chain.map((file) => sources.get(file)!.getLineStarts().length);
  expect(lines.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(4860);
  const changing =
    /^blocklist\/(blocklist|changed|compaction|entry-list|large-change|list-change)\.ts$/;
  expect(chainOf('matching/match.ts').filter((file) => changing.test(file))).toEqual([]);
});

test("a browser's Worker is read in 38 files, SIMD apart, and its room has no more than 22", () => {
  expect(readOf('browser/worker/worker.ts').length).toBeLessThanOrEqual(38);
  expect(chainOf('browser/worker/worker.ts')).not.toContain('variants/further-variants.ts');
  expect(readdirSync(join(SRC, 'browser')).length).toBeLessThanOrEqual(22);
});

test.each([...sources.keys()].filter((file) => /^services\/.+\/client\.ts$/.test(file)))(
  '%s is read in eight files, besides those of the root',
  (client) => {
    const chain = chainOf(client).filter((file) => file.includes('/') && !/^kernels\//.test(file));
    expect(chain.length).toBeLessThanOrEqual(8);
  },
);

test('no file imports itself, however indirectly', () => {
  const circles = [...imports].filter(([file, targets]) =>
    targets.some((target) => chainOf(target).includes(file)),
  );
  expect(circles).toEqual([]);
});

/**
 * Functions that are called a thousand times a picture and more, or for every query of an index,
 * where an object made for each call takes its time. Their comments say so.
 */
const HOT = ['kernels/pixels/block-sums.ts rectangleSum', 'kernels/search/bands.ts verifyHashes'];

test('in kernels and hashing, functions take at most six arguments, except the hot ones', () => {
  const long: string[] = [];
  for (const [file, source] of sources) {
    if (!/^(kernels|hashing)\//.test(file)) continue;
    eachNode(source, (node) => {
      if (ts.isFunctionLike(node) && node.parameters.length > 6) {
        long.push(`${file} ${node.name?.getText() ?? `line ${lineOf(source, node)}`}`);
      }
    });
  }
  expect(long.sort()).toEqual(HOT);
});

const lineOf = (source: ts.SourceFile, node: ts.Node) =>
  source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
