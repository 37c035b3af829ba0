import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { BENCHES as ALL_BENCHES } from '../../bench/benches.js';
import { type Command, readCall } from '../../src/cli/command.js';
import { type Block, type Page, pageOf, pages } from './markdown.js';
import { ROOT } from './package.js';

const all = pages();
const names = all.map(({ path }) => path);
const pageNamed = (path: string) => all.find((page) => page.path === path)!;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe('TypeScript', () => {
  const LANGUAGES = ['ts', 'typescript', 'js', 'javascript'];
  const WRONG = pageOf(
    'docs/wrong.md',
    "```ts\nimport { pdq } from 'onlyhashes';\npdq({ width: 1, height: 1, data: '' });\nnever();\n```\n",
  );
  /** by page: each error with its line */
  const errors = new Map<string, string[]>();

  beforeAll(() => {
    const blocks = [...all, WRONG].flatMap((page) =>
      page.blocks.filter(({ language }) => LANGUAGES.includes(language)),
    );
    for (const { page, text } of errorsOf(blocks)) {
      errors.set(page, [...(errors.get(page) ?? []), text]);
    }
  });

  test.each(names)('%s: every block is checked against the package', (name) => {
    expect(errors.get(name) ?? []).toEqual([]);
  });

  test('a wrong block is found, with its lines', () => {
    expect(errors.get(WRONG.path)).toEqual([
      expect.stringMatching(/^3: .*not assignable/),
      expect.stringMatching(/^4: .*never/),
    ]);
  });
});

/** What only a strict compiler reports, of which JavaScript has none: null, undefined and `any`. */
const OF_STRICTNESS = [2531, 2532, 2533, 7005, 7006, 7031, 7034, 18046, 18047, 18048, 18049];

/** All errors of blocks, each a module of its own in one program. */
function errorsOf(blocks: readonly Block[]): { page: string; text: string }[] {
  // In the root of the repository, whose package.json lets them import the package by its name.
  const files = new Map(blocks.map((block, at) => [join(ROOT, `block-${at}.ts`), block]));
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.getCurrentDirectory = () => ROOT;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const block = files.get(path);
    return block
      ? ts.createSourceFile(path, block.text, version)
      : getSourceFile(path, version, ...rest);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([path, { page, line, language }]) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      .filter(({ code }) => !(/^j/.test(language) && OF_STRICTNESS.includes(code)))
      .map(({ start = 0, messageText }) => ({
        page,
        text: `${line + file.getLineAndCharacterOfPosition(start).line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      }));
  });
}

/** The language of a block, as the site and Markdown name it. */
const { highlightLanguages } = JSON.parse(read('typedoc.json')) as { highlightLanguages: string[] };
const LANGUAGE_NAMES = [...highlightLanguages, 'js', 'sh', 'shell', 'text', 'ts', 'yml', ''];

/** Blocks whose language the site does not know, and JSON that is none. */
const misnamed = ({ blocks }: Page) =>
  blocks.flatMap(({ language, text, line }) => {
    if (!LANGUAGE_NAMES.includes(language)) return [`${line}: ${language}`];
    if (language !== 'json') return [];
    try {
      JSON.parse(text);
      return [];
    } catch (error) {
      return [`${line}: ${(error as Error).message}`];
    }
  });

test.each(names)('%s: JSON is JSON, and the site knows each language', (name) => {
  expect(misnamed(pageNamed(name))).toEqual([]);
});

test('an unknown language and broken JSON are found', () => {
  const text = '```ts\nx\n```\n\n```json\n{ "a": 1, }\n```\n\n```klingon\nx\n```\n';
  expect(misnamed(pageOf('docs/a.md', text))).toEqual([
    expect.stringContaining('6: '),
    '10: klingon',
  ]);
});

describe('links', () => {
  /** Those of a page that lead nowhere: to no file, or to no heading. */
  const dead = ({ path, links, anchors }: Page) =>
    links.filter((link) => {
      if (/^[a-z][a-z\d+.-]*:/i.test(link)) return false;
      const [file, anchor] = link.split('#').map(decodeURIComponent) as [string, string?];
      if (file === '') return !anchors.has(anchor!);
      const target = relative(ROOT, join(ROOT, dirname(path), file));
      // Not in the repository.
      if (/^(\.\.|dist|site|node_modules)(\/|$)/.test(target)) return true;
      if (!existsSync(join(ROOT, target))) return true;
      if (anchor === undefined) return false;
      return !(target.endsWith('.md') && pageOf(target, read(target)).anchors.has(anchor));
    });

  test.each(names)('%s: each leads to a file and a heading', (name) => {
    expect(dead(pageNamed(name))).toEqual([]);
  });

  test('a dead one is found', () => {
    const good = '[a](../README.md), [b](#a--b), ![c](../LICENSE) and [d](https://example.org/#d)';
    const bad = [
      '../no.md',
      '#a-b',
      '../README.md#no-such-heading',
      '../LICENSE#a',
      '../dist/index.js',
    ];
    const text = `# A & b\n\n${good}\n\n${bad.map((link) => `[x](${link})`).join(' ')}\n`;
    expect(dead(pageOf('docs/a.md', text))).toEqual(bad);
  });
});

describe('images', () => {
  const silent = ({ images }: Page) =>
    images.filter(({ words }) => words.trim() === '').map(({ target }) => target);

  test.each(names)('%s: each has alternative text', (name) => {
    expect(silent(pageNamed(name))).toEqual([]);
  });

  test('one without alternative text is found, and each source of a picture is a link', () => {
    const picture =
      '<picture>\n  <source media="(x)" srcset="b.png, c.png 2x">\n  <img alt="" src="d.png">\n</picture>';
    const page = pageOf('docs/a.md', `![](a.png) and ![words](e.png)\n\n${picture}\n`);
    expect(silent(page)).toEqual(['a.png', 'd.png']);
    expect(page.links).toEqual(['a.png', 'e.png', 'b.png', 'c.png', 'd.png']);
  });
});

describe('commands', () => {
  const commands = new Map<string, Command>();
  let benches: readonly { name: string }[];
  beforeAll(async () => {
    // The program itself would run. Its commands are what it imports.
    for (const [, file, name] of read('src/cli/main.ts').matchAll(
      /await import\('\.\/(.+)\.js'\)\)\.(\w+Command)/g,
    )) {
      const module: object = await import(pathToFileURL(join(ROOT, `src/cli/${file}.ts`)).href);
      const command = (module as Record<string, Command>)[name!]!;
      commands.set(command.name, command);
    }
    expect(commands.size).toBeGreaterThan(10);
    // As the program loads them.
    benches = (await import(pathToFileURL(join(ROOT, 'dist/bench.js')).href)).BENCHES;
  });

  /** NAME stands for any of them, and an option for none. */
  const noBench = (known: typeof benches, bench: string) =>
    /^([A-Z]+$|-)/.test(bench) || known.some(({ name }) => name === bench)
      ? undefined
      : `no benchmark ${bench}`;

  /** What is wrong with a command; undefined if nothing is, or it is another program's. */
  function problem(words: readonly string[]): string | undefined {
    const [program, ...rest] = words[0] === 'npx' ? words.slice(1) : words;
    if (program === 'npm' && rest[0] === 'run') {
      const name = rest.find((word, at) => at > 0 && !word.startsWith('-'));
      if (name !== undefined && !Object.hasOwn(manifest.scripts, name)) return `no script ${name}`;
      const bench = name === 'bench' ? rest[rest.indexOf('--') + 1] : undefined;
      return bench === undefined ? undefined : noBench(ALL_BENCHES, bench);
    }
    if (program !== 'onlyhashes') return undefined;
    const [name, ...argv] = rest;
    if (name === undefined || /^--(help|version)$/.test(name)) return undefined;
    const command = commands.get(name);
    // COMMAND stands for any of them.
    if (command === undefined) return /^[A-Z]+$/.test(name) ? undefined : `no command ${name}`;
    if (argv.includes('--help')) return undefined;
    const bench = argv.find((word) => !word.startsWith('-'));
    const none = name === 'bench' && bench !== undefined ? noBench(benches, bench) : undefined;
    if (none !== undefined) return none;
    try {
      readCall(command, argv);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** The commands of a line, as a shell would part them, without variables and redirections. */
  const commandsOf = (line: string): string[][] => {
    const words = line.replace(/(^|\s)#.*$/, '').match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
    const parted: string[][] = [[]];
    for (const word of words) {
      if (/^(&&|\|\|?|;|&|then|do)$/.test(word)) parted.push([]);
      else parted.at(-1)!.push(word.replace(/^(['"])(.*)\1$/, '$2'));
    }
    return parted
      .map((parts) => {
        const redirected = parts.findIndex((word) => /^\d?[<>]/.test(word));
        const own = redirected < 0 ? parts : parts.slice(0, redirected);
        const first = own.findIndex((word) => !/^(\w+=.*|\$|sudo|exec)$/.test(word));
        return first < 0 ? [] : own.slice(first);
      })
      .filter((parts) => parts.length > 0);
  };

  const inBlocks = ({ blocks }: Page) =>
    blocks
      .filter(({ language }) => ['sh', 'shell', 'bash', 'console'].includes(language))
      .flatMap(({ language, text }) => {
        const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
        // Of a console, what is typed.
        return language === 'console' ? lines.filter((line) => line.startsWith('$ ')) : lines;
      });

  const problems = (page: Page) => [
    ...inBlocks(page).flatMap((line) =>
      commandsOf(line).flatMap((words) => {
        const what = problem(words);
        return what === undefined ? [] : [`${words.join(' ')}: ${what}`];
      }),
    ),
    // In prose, a command is named more than given: its words and values are not all there.
    ...page.code
      .filter((text) => /^(npx onlyhashes|onlyhashes|npm run) [a-z]/.test(text))
      .flatMap((text) => {
        const what = problem(text.split(/\s+/));
        return /^no (script|command|benchmark) |^Unknown option/.test(what ?? '')
          ? [`${text}: ${what}`]
          : [];
      }),
  ];

  test.each(names)('%s: each script, command and option exists', (name) => {
    expect(problems(pageNamed(name))).toEqual([]);
  });

  test.each([
    ['npm run no-such', 'no script'],
    ['npx onlyhashes paint', 'no command'],
    ['npx onlyhashes hash photo.jpg --colour', 'Unknown option'],
    ['A=b onlyhashes bench no-such > out.txt', 'no benchmark'],
    ['onlyhashes bench store', 'no benchmark'],
    ['npm run bench -- no-such --large', 'no benchmark'],
    ['cat list.csv | npx onlyhashes match --blocklist - photo.jpg --variants most', '--variants'],
    ['npm ci && npx onlyhashes compare \\\n  a.jpg', 'expected A B'],
  ])('%j is found', (line, what) => {
    const found = problems(pageOf('docs/a.md', `\`\`\`sh\n${line}\n\`\`\`\n`));
    expect(found).toEqual([expect.stringContaining(what)]);
  });

  test('others are left alone', () => {
    const text =
      '```sh\nnpm run bench -- pdq --json # how fast\ncurl -d \'{"a": 1}\' http://localhost | npx onlyhashes doctor\nnpx onlyhashes COMMAND --help\n```\n`onlyhashes match`, `npm run docs`\n';
    expect(problems(pageOf('docs/a.md', text))).toEqual([]);
  });
});

test('docs/README.md links to every page once', () => {
  const { links } = pageNamed('docs/README.md');
  const listed = links.filter((link) => !/^(\.\.|api)\//.test(link));
  const others = names.filter((name) => /^docs\/(?!README)/.test(name));
  expect(listed.map((link) => `docs/${link}`).sort()).toEqual(others.sort());
});

/** Pages that may be longer: a test writes them. */
const LONGER = ['docs/options.md'];

test.each(names.filter((name) => name.startsWith('docs/') && !LONGER.includes(name)))(
  '%s has at most 1,200 words, tables and code included',
  (name) => {
    expect(read(name).trim().split(/\s+/).length).toBeLessThanOrEqual(1200);
  },
);

test('README has at most 700 words, tables and code included', () => {
  expect(read('README.md').trim().split(/\s+/).length).toBeLessThanOrEqual(700);
});
