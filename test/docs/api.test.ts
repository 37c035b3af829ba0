import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Comment,
  type ParameterReflection,
  ReflectionKind,
  type SignatureReflection,
} from 'typedoc';
import { expect, test } from 'vitest';
import { apiPages, nameOf, readApi } from '../../docs/making/api.js';
import { pageOf } from '../project/markdown.js';
import { ROOT } from '../project/package.js';

/*
 * The reference is written from the code, and changes with it:
 * `npx vitest run test/docs/api.test.ts -u`.
 */

const project = await readApi();
const pages = apiPages(project);

test('docs/api has a page for each entry, and says what the code says', async () => {
  for (const [file, text] of pages) {
    await expect(text).toMatchFileSnapshot(join(ROOT, 'docs/api', file));
  }
  expect(readdirSync(join(ROOT, 'docs/api')).sort()).toEqual([...pages.keys()].sort());
});

test('each export has a heading, and each link leads to one', () => {
  for (const module of project.children ?? []) {
    const file = [...pages].find(([, text]) => text.includes(`\n# ${module.name}\n`))![0];
    const text = pages.get(file)!;
    for (const { name } of module.children ?? []) expect(text).toContain(`\n### ${name}\n`);
    const { links, anchors } = pageOf(`docs/api/${file}`, text);
    const here = links.filter((link) => link.startsWith('#')).map((link) => link.slice(1));
    expect(here.length).toBeGreaterThan(0);
    expect(here.filter((anchor) => !anchors.has(anchor))).toEqual([]);
    expect(new Set(here).size).toBe(here.length);
  }
  const index = pageOf('docs/api/README.md', pages.get('README.md')!);
  const files = index.links.filter((link) => !link.startsWith('../'));
  expect(files.sort()).toEqual([...pages.keys()].filter((file) => file !== 'README.md').sort());
});

/** What a parameter takes is said by its type, if a page describes that. */
const isNamed = ({ type }: ParameterReflection) =>
  [...pages.values()].some((text) =>
    [...`${type}`.matchAll(/[A-Z]\w+/g)].some(([name]) => text.includes(`\n### ${name}\n`)),
  );

/** Parameters of functions and constructors that nothing describes. */
function undescribed(signatures: readonly SignatureReflection[]): string[] {
  const all = signatures.flatMap(({ parameters = [] }) => parameters);
  const described = new Set(all.filter((each) => each.comment?.hasVisibleComponent()).map(nameOf));
  return all.filter((each) => !described.has(nameOf(each)) && !isNamed(each)).map(nameOf);
}

test('each parameter of a function is described, or its type is', () => {
  const kinds = ReflectionKind.Function | ReflectionKind.Constructor;
  const found = project
    .getReflectionsByKind(kinds)
    .filter((each) => !each.flags.isPrivate && !/Error\.constructor$/.test(each.getFullName()))
    .map((each) =>
      each.isDeclaration() ? [each.getFullName(), undescribed(each.signatures ?? [])] : [],
    )
    .filter(([, names]) => names?.length)
    .map(([path, names]) => `${path}: ${names}`);
  expect(found.join('\n')).toBe('');
});

test('each error has its type', () => {
  const tags = (comment: Comment | undefined) =>
    (comment?.blockTags ?? []).filter(({ tag }) => tag === '@throws');
  const untyped = Object.values(project.reflections).flatMap((each) =>
    tags(each.comment)
      .filter(({ typeAnnotation, content }) => !typeAnnotation && content[0]?.kind !== 'code')
      .map(() => each.getFullName()),
  );
  expect([...new Set(untyped)]).toEqual([]);
});
