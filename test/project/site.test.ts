import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { pages } from './markdown.js';
import { ROOT } from './package.js';

/** `npm run docs`: the site that it builds, and what makes it fail. */

const folder = testFolder();

/** Runs the script with more options than it has. */
function docs(...options: string[]): { said: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync('npm', ['run', '-s', 'docs', '--', ...options], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { said: stdout + stderr, status };
}

test('the site has every entry and page, and each of its own links leads somewhere', () => {
  const site = join(folder, 'site');
  expect(docs('--out', site)).toMatchObject({ status: 0 });
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' });
  const html = files.filter((file) => file.endsWith('.html'));
  const texts = new Map(html.map((file) => [file, readFileSync(join(site, file), 'utf8')]));

  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: object;
  };
  const modules = html.filter((file) => dirname(file) === 'modules').join(' ');
  for (const entry of Object.keys(exports)) {
    if (/worker|json/.test(entry)) continue;
    const name = `onlyhashes${entry.slice(1)}`.replaceAll('/', '_');
    expect(modules.split(' ')).toContain(`modules/${name}.html`);
  }
  const documents = html.filter((file) => dirname(file) === 'documents').length;
  expect(documents).toBe(pages().filter(({ path }) => path !== 'README.md').length);

  const anchors = new Map(
    [...texts].map(([file, text]) => [
      file,
      new Set([...text.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const dead: string[] = [];
  for (const [file, text] of texts) {
    for (const [, link] of text.matchAll(/\s(?:href|src|srcset)="([^"]+)"/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path, anchor] = link!.split('#').map(decodeURIComponent) as [string, string?];
      const target = path === '' ? file : relative(site, resolve(site, dirname(file), path));
      const leads =
        existsSync(join(site, target)) &&
        (!anchor || !anchors.has(target) || anchors.get(target)!.has(anchor));
      if (!leads) dead.push(`${file}: ${link}`);
    }
  }
  expect(dead).toEqual([]);
  // It is read offline: nothing on a page is loaded from elsewhere.
  for (const [file, text] of texts) {
    expect(text, file).not.toMatch(/<(script|img|iframe)[^>]+src="https?:|<link[^>]+href="https?:/);
  }
});

const GOOD = '/** A number. */\nexport const one = 1;\n';

test.each([
  ['nothing', GOOD, '[one](one.ts)', undefined],
  ['an export without a comment', `${GOOD}export const two = 2;\n`, '', /two.*documentation/],
  ['a link in a comment to no export', GOOD.replace('A number', '{@link three}'), '', /three/],
  ['a link of a page to no file', GOOD, '[no](no.md)', /no\.md/],
])('with %s wrong, the script fails and names the place', (_, code, page, said) => {
  const project = mkdtempSync(join(folder, 'project-'));
  const write = (name: string, text: string) => {
    writeFileSync(join(project, name), text);
    return join(project, name);
  };
  write('one.ts', code);
  write('page.md', `---\ntitle: Page\n---\n\n${page}\n`);
  // The library of the language alone: that of the DOM takes longer to read than all else.
  const compilerOptions = { lib: ['ES5'], types: [] };
  write('tsconfig.json', JSON.stringify({ files: ['one.ts'], compilerOptions }));
  // What the script goes by, of another package.
  const own = {
    entryPoints: ['one.ts'],
    projectDocuments: ['page.md'],
    tsconfig: 'tsconfig.json',
    out: 'out',
    readme: 'none',
    includeVersion: false,
    intentionallyNotDocumented: [],
  };
  const options = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8'));
  const result = docs('--options', write('typedoc.json', JSON.stringify({ ...options, ...own })));
  if (said === undefined) expect(result).toMatchObject({ status: 0 });
  else expect(result.said).toMatch(said);
  expect(result.status === 0).toBe(said === undefined);
});
