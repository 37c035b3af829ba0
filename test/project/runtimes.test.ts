import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, breakOff } from '../runtimes/ask.js';
import { RUNTIMES, type RuntimeName, runtimeProgram } from '../runtimes/install.js';
import { installedPackage, ROOT } from './package.js';

/*
 * One program, run beside the packed tarball by every runtime that the package promises. Node, Bun
 * and Deno run all of it; workerd runs it as Workers, bundled. `answerOf` has what each found.
 */

type Fact = { value: unknown } | { name: string; code?: string; message: string };
interface Answer {
  readonly version: string;
  readonly facts: Readonly<Record<string, Fact>>;
}

const FIXTURES = join(ROOT, 'fixtures');
const PHOTO = join(FIXTURES, 'photos/locomotion-house-cat-w301.jpg');
const OTHER_PHOTO = join(FIXTURES, 'photos/nagasaki-boats-q40.jpg');
const TOKEN = 'token-of-the-runtimes-test';

interface Reference {
  readonly file: string;
  readonly pdq: string;
  readonly quality: number;
  readonly dihedral: readonly string[];
}
const references = (path: string): Reference[] =>
  JSON.parse(readFileSync(join(FIXTURES, path), 'utf8'));

/** The last one is not listed. */
const PICTURES = [
  'p11-blocks-129x127.ppm',
  'p16-noise-513x31.ppm',
  'p05-smooth-63x65.ppm',
  'p29-photo-crop-97x66.ppm',
  'p35-photo-crop-221x289.pgm',
  'p38-photo-crop-129x130.ppm',
].map((file) => {
  const base64 = readFileSync(join(FIXTURES, 'pdq', file), 'base64');
  return { base64, ...references('pdq/pixels.json').find((known) => known.file === file)! };
});
const photo = references('photos/expected.json').find(({ file }) => PHOTO.endsWith(file))!;

/** What the program is asked. */
const QUESTION = {
  pictures: PICTURES.map(({ file, base64, pdq }) => ({ name: file, base64, pdq })),
  photo: PHOTO,
  otherPhoto: OTHER_PHOTO,
  heic: join(FIXTURES, 'heic/photo.heic'),
  photoBase64: readFileSync(PHOTO, 'base64'),
  pngBase64: readFileSync(join(FIXTURES, 'images/rgb.png'), 'base64'),
};
const ASKING = { ...QUESTION, photo: QUESTION.photoBase64, token: TOKEN };

const MATCH = {
  verdict: 'match',
  reason: 'within-match-distance',
  explanation: 'match: distance 0, variant original, at most 31',
};
const NONE = { verdict: 'none', reason: 'nothing-near', explanation: 'none: nothing near' };

/** What a server answers. `scanned` and `noPicture` are uploads that a process has to decode. */
const ANSWERS = {
  ready: 200,
  stranger: 401,
  lookUps: ['200,match,0'],
  scanned: [451, { verdict: 'match' }],
  noPicture: [200, { verdict: 'unhashable' }],
  pixels: ['[200,{"verdict":"none"}]', '[451,{"verdict":"match"}]'],
  forms: [200, 451],
};
const found = (kernel: string) => ({
  engine: 'mih',
  kernel,
  hits: Array.from({ length: 2 }, () => [{ id: 4000, distance: 31 }]),
});

/** What the part that needs nothing but the language gives, in every runtime. */
const CORE = {
  hashes: PICTURES.map(({ file, pdq, quality, dihedral }) => ({
    ...{ name: file, pdq, quality, dihedral },
  })),
  decisions: [
    { ...MATCH, isSame: true },
    { ...NONE, isSame: true },
  ],
  lists: { entries: 5, isSame: true, problems: [{ code: 'bad-line', line: 7 }] },
  bundles: { isWhole: true },
};

/** What Node, Bun and Deno give. */
const MACHINE = {
  ...CORE,
  search: found('simd'),
  decoding: { pdq: photo.pdq, quality: photo.quality, width: 301, height: 150, heic: 100 },
  processes: {
    shared: [MATCH, NONE],
    isKept: true,
    isApart: true,
    restarts: 1,
    killed: ['match', 'match'],
    large: 'crashed',
  },
  threads: 'match',
  files: { hits: [{ id: 0, distance: 0 }], verdict: 'match', labels: ['cat'] },
  sharedMemory: { verdict: 'none', searches: 1 },
  fetching: {
    ...{ refused: 'the picture was not fetched: private-address', askedBefore: 0 },
    isListed: true,
  },
  store: { verdict: 'match', revision: 1 },
  program: {
    itself: expect.stringMatching(/^(node|bun|deno) +\d+\.\d+\.\d+ on \w+ \w+$/),
    hash: `${photo.pdq},${photo.quality},${PHOTO}\n`,
    match: `match,0,original,${photo.pdq},cat,${PHOTO}\n`,
  },
};

const facts = (values: object): Record<string, Fact> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

/** Bun and Deno have servers of their own, too. */
const machineWith = (name: RuntimeName) => {
  const isNode = name.startsWith('Node');
  return facts({
    ...MACHINE,
    servers: { node: ANSWERS, ...(!isNode && { own: ANSWERS }) },
    brokenOff: isNode ? ['unhashable'] : ['unhashable', 'unhashable'],
  });
};

const lacking = (message: string) => ({
  name: 'DecodeError',
  code: 'decoder-missing',
  message: expect.stringContaining(message),
});

/** What workerd does not do, each told by an error that says what is needed. */
const WORKERD_REFUSES: Record<string, Fact> = {
  decoding: lacking('npm install sharp'),
  processes: {
    value: {
      verdict: 'unhashable',
      reason: 'decoder-missing',
      code: 'decoder-missing',
      message: expect.stringContaining('allow processes'),
    },
  },
  threads: lacking('hash-process.js with setWorkerScripts'),
  files: { name: 'FormatError', code: 'unreadable', message: expect.stringContaining('ENOENT') },
  sharedMemory: { name: 'Error', message: expect.stringContaining('allow threads') },
  fetching: { value: { message: 'the picture was not fetched: unreachable' } },
  store: {
    name: 'StoreError',
    code: 'client-missing',
    message: expect.stringContaining('npm install'),
  },
};

/**
 * The search is in JavaScript, and an upload that a process would have to decode is not checked:
 * `onError` refuses it.
 */
const WORKERD: Record<string, Fact> = {
  ...facts({
    ...CORE,
    search: found('js'),
    // The whole one alone was decided about.
    brokenOff: [Buffer.from(QUESTION.photoBase64, 'base64').length],
    servers: {
      ...ANSWERS,
      scanned: [500, { verdict: 'unhashable' }],
      noPicture: [500, { verdict: 'unhashable' }],
    },
  }),
  ...WORKERD_REFUSES,
};

/** The parts of the program, by the words of docs/runtimes.md. */
const WORDS = [
  ...['hashes', 'search', 'decisions', 'lists', 'bundles', 'servers', 'brokenOff', 'decoding'],
  ...['processes', 'threads', 'files', 'sharedMemory', 'fetching', 'store', 'program'],
];

const project = installedPackage({ decoders: true });
beforeAll(() => {
  cpSync(join(import.meta.dirname, '../runtimes'), project.folder, { recursive: true });
  project.write('question.json', JSON.stringify(QUESTION));
  project.write('list.csv', `${photo.pdq},cat\n`);
});

const run = promisify(execFile);
/** For a program of a few seconds, on a busy machine. */
const LIMITS = { timeout: 100_000, killSignal: 'SIGKILL' } as const;
/** Deno keeps what it has compiled in a folder of its user. */
const envIn = (cwd: string) => ({ ...process.env, DENO_DIR: join(cwd, 'deno') });

/** How a runtime is told to run a script: Deno with all rights, unless others are named. */
const wordsFor = (name: RuntimeName, rights = ['-A']) =>
  name === 'Deno' ? ['run', ...rights] : [];

/** A folder for what a run writes. */
function folderFor(name: string): string {
  const folder = join(project.folder, name.replace(' ', '-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function answerOfMachine(name: RuntimeName, path: string): Promise<Answer> {
  const cwd = folderFor(name);
  const runs = (script: string, ...args: string[]) =>
    run(path, [...wordsFor(name), script, ...args], { cwd, env: envIn(cwd), ...LIMITS });
  await runs(join(project.folder, 'main.js'), join(project.folder, 'question.json'), 'answer.json');
  const answer: Answer = JSON.parse(readFileSync(join(cwd, 'answer.json'), 'utf8'));
  const program = join(project.folder, 'node_modules/onlyhashes/dist/cli.cjs');
  const { stdout: hash } = await runs(program, 'hash', PHOTO);
  const list = join(project.folder, 'list.csv');
  const { stdout: match } = await runs(program, 'match', '-b', list, PHOTO, OTHER_PHOTO);
  const { stdout: doctor } = await runs(program, 'doctor');
  const [itself] = doctor.split('\n');
  return { ...answer, facts: { ...answer.facts, program: { value: { hash, match, itself } } } };
}

/**
 * The core as a Worker without any of Node's modules, and the service as another that has them.
 * Each is bundled as its deployment would.
 */
async function answerOfWorkerd(path: string): Promise<Answer> {
  const out = folderFor('workerd');
  await build({
    entryPoints: ['worker.js', 'worker-service.js'].map((file) => join(project.folder, file)),
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker'],
    external: ['node:*', 'sharp', 'heic-decode', 'utif2', 'pg', '@electric-sql/pglite'],
    logLevel: 'error',
  });
  const worker = (file: string, flags: string) => `(
    modules = [ (name = "${file}", esModule = embed "${file}") ],
    compatibilityDate = "2026-07-01",
    compatibilityFlags = [${flags}],
  )`;
  writeFileSync(
    join(out, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "core", worker = ${worker('worker.js', '')}),
    (name = "service", worker = ${worker('worker-service.js', '"nodejs_compat"')}),
  ],
  sockets = [
    (name = "core", address = "127.0.0.1:0", http = (), service = "core"),
    (name = "service", address = "127.0.0.1:0", http = (), service = "service"),
  ],
);
`,
  );
  const { stdout } = await run(path, ['--version'], LIMITS);
  const server = spawn(path, ['serve', 'config.capnp', '--control-fd=1'], {
    cwd: out,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  try {
    const ports = new Map<string, number>();
    let text = '';
    for await (const chunk of server.stdout.setEncoding('utf8')) {
      text += chunk;
      for (const [, socket, port] of text.matchAll(/"socket":"(\w+)","port":(\d+)/g)) {
        ports.set(socket!, Number(port));
      }
      if (ports.size === 2) break;
    }
    if (ports.size < 2) throw new Error(`workerd did not start: ${errors}`);
    const url = (socket: string) => `http://127.0.0.1:${ports.get(socket)}`;
    const body = JSON.stringify(QUESTION);
    const core = await (await fetch(url('core'), { method: 'POST', body })).json();
    const facts: Record<string, Fact> = { ...core };
    // What is saved can be opened, and is gone with the next request, which `files` is.
    const saved = await (await fetch(`${url('service')}/facts/saved`)).json();
    expect(saved).toEqual({ value: PICTURES.length - 1 });
    for (const name of Object.keys(WORKERD_REFUSES)) {
      facts[name] = await (await fetch(`${url('service')}/facts/${name}`)).json();
    }
    const upload = Buffer.from(QUESTION.photoBase64, 'base64');
    await breakOff(ports.get('service')!, '/counted', upload);
    await fetch(`${url('service')}/counted`, { method: 'POST', body: upload });
    facts.brokenOff = await (await fetch(`${url('service')}/facts/brokenOff`)).json();
    facts.servers = { value: await ask(url('service'), ASKING) };
    return { version: stdout.trim().split(' ')[1]!, facts };
  } finally {
    server.kill('SIGKILL');
    if (server.exitCode === null) await once(server, 'exit');
  }
}

const programs = new Map(RUNTIMES.map((name) => [name, runtimeProgram(name)]));
const answers = new Map<RuntimeName, Promise<Answer>>();

function pathOf(name: RuntimeName): string {
  const program = programs.get(name)!;
  if ('missing' in program) throw new Error(program.missing);
  return program.path;
}

/** What a runtime found; it runs once. */
function answerOf(name: RuntimeName): Promise<Answer> {
  const known = answers.get(name);
  if (known) return known;
  const path = pathOf(name);
  const answer = name === 'workerd' ? answerOfWorkerd(path) : answerOfMachine(name, path);
  answers.set(name, answer);
  return answer;
}

/** What keeps a suite from running; by CI it runs and fails. */
const missingOf = (name: RuntimeName): string | undefined => {
  const program = programs.get(name)!;
  return 'missing' in program && !process.env.CI ? program.missing : undefined;
};

/** A suite that needs a runtime. If it cannot be had, the suite's name says how to get it. */
function describeRuntime(name: RuntimeName, body: () => void): void {
  const missing = missingOf(name);
  if (missing === undefined) describe(name, body);
  else describe.skip(`${name} (${missing})`, body);
}

for (const name of RUNTIMES) {
  describeRuntime(name, () => {
    let facts: Answer['facts'];
    beforeAll(async () => {
      ({ facts } = await answerOf(name));
    });
    const expected = name === 'workerd' ? WORKERD : machineWith(name);

    test.each(Object.keys(expected))('%s', (step) => {
      expect(facts[step]).toEqual(expected[step]);
    });

    test('nothing else was requested', () => {
      expect(Object.keys(facts).sort()).toEqual(Object.keys(expected).sort());
    });
  });
}

describe('where a program may start no processes', () => {
  /** What is said with these rights, and with that of starting processes too. */
  const cases: [RuntimeName, rights: string[], starting: string][] = [
    [
      'Node 24',
      [
        '--permission',
        '--allow-fs-read=*',
        '--allow-fs-write=*',
        '--allow-addons',
        '--allow-worker',
      ],
      '--allow-child-process',
    ],
    ['Deno', ['--allow-read', '--allow-write', '--allow-env', '--allow-ffi'], '--allow-run'],
  ];
  for (const [name, rights, starting] of cases) {
    describeRuntime(name, () => {
      const tell = async (all: string[]) => {
        const cwd = folderFor(name);
        const script = join(project.folder, 'permissions.js');
        const words = [
          ...wordsFor(name, []),
          ...all,
          script,
          join(project.folder, 'question.json'),
        ];
        await run(pathOf(name), [...words, 'permissions.json'], {
          cwd,
          env: envIn(cwd),
          ...LIMITS,
        });
        return JSON.parse(readFileSync(join(cwd, 'permissions.json'), 'utf8'));
      };

      test('uploads are decoder-missing, with the permission to grant, and threads work', async () => {
        expect(await tell(rights)).toEqual({
          verdict: 'unhashable',
          reason: 'decoder-missing',
          ...lacking('allow processes'),
          inThread: 'match',
        });
      });

      test(`${starting} is enough`, async () => {
        const { verdict, inThread } = await tell([...rights, starting]);
        expect([verdict, inThread]).toEqual(['match', 'match']);
      });
    });
  }
});

describe('the lowest version of Node', () => {
  const { engines, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  describeRuntime('Node 20', () => {
    test('is the one that package.json names', async () => {
      const { version } = await answerOf('Node 20');
      expect(`>=${version}`).toBe(`${engines.node}.0`);
    });

    const entries = Object.keys(exports).filter(
      (entry) => !['./package.json', './browser/worker'].includes(entry),
    );

    test('requires every entry from CommonJS, and warns of nothing', async () => {
      const names = entries.map((entry) => `onlyhashes${entry.slice(1)}`);
      const file = project.write(
        'all.cjs',
        `const isThere = (name) => Object.keys(require(name)).length > 0;
console.log(${JSON.stringify(names)}.filter(isThere).length);`,
      );
      const { stdout, stderr } = await run(pathOf('Node 20'), [file], LIMITS);
      expect([stdout, stderr]).toEqual([`${entries.length}\n`, '']);
    });
  });
});

describe('docs/runtimes.md', () => {
  const page = readFileSync(join(ROOT, 'docs/runtimes.md'), 'utf8');

  /** The cells of its table, without its head. */
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(2);

  const lacks = RUNTIMES.some((name) => missingOf(name) !== undefined);
  test.skipIf(lacks)('states what each runtime did, and what it did not', async () => {
    const seen: string[][] = [];
    for (const name of RUNTIMES) {
      const { version, facts } = await answerOf(name);
      const { kernel } = (facts.search as { value: { kernel: string } }).value;
      const words = { works: [] as string[], not: [] as string[] };
      for (const word of WORDS) {
        // What is refused is no value, but for a decision, which is that it was not made.
        const works =
          'value' in (facts[word] ?? {}) && !(word in WORKERD_REFUSES && name === 'workerd');
        words[works ? 'works' : 'not'].push(`\`${word}\``);
      }
      const all = words.not.length === 0;
      seen.push([
        ...[name, version, { simd: 'SIMD', js: 'JavaScript' }[kernel]!],
        ...(all ? ['all', 'nothing'] : [words.works.join(', '), words.not.join(', ')]),
      ]);
    }
    expect(rows).toEqual(seen);
  });

  test('explains each word', () => {
    const explained = page.split('\n').filter((line) => line.startsWith('- `'));
    const words = explained.flatMap((line) =>
      [...line.slice(0, line.indexOf(':')).matchAll(/`(\w+)`/g)].map(([, word]) => word!),
    );
    for (const word of WORDS) expect(words).toContain(word);
  });
});
