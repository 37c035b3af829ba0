import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installedPackage, ROOT } from './package.js';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The fenced blocks of one language, each with its heading. */
function blocks(language: string): { heading: string; text: string }[] {
  const found: { heading: string; text: string }[] = [];
  let heading = '';
  for (const match of readme.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (match[1] !== undefined) heading = match[1];
    else if (match[2] === language) found.push({ heading, text: match[3]! });
  }
  return found;
}

/**
 * Lines that only .ci/run runs, or that would fetch this package from a registry that may not have
 * it.
 */
const ELSEWHERE = /^npm (install|ci|start|test|run bench)\b/;

let project: ReturnType<typeof installedPackage>;
beforeAll(async () => {
  project = installedPackage({ decoders: true });
  const photo = join(ROOT, 'fixtures/photos/locomotion-house-cat.jpg');
  copyFileSync(photo, join(project.folder, 'photo.jpg'));
  await sharp(photo).flop().webp({ quality: 80 }).toFile(join(project.folder, 'upload.webp'));
  await startService();
}, 60_000);
afterAll(() => {
  service?.kill();
  project.remove();
});

let service: ChildProcess | undefined;

/**
 * A StopNCII that lists the photo, in a process of its own: commands are waited for in this one.
 * Its address is added to the CONFIG of the README.
 */
async function startService(): Promise<void> {
  const file = project.write(
    'service.mjs',
    `import { hashToHex } from 'onlyhashes';
import { hashFile } from 'onlyhashes/node';
import { fakeStopNcii } from 'onlyhashes/testing';
const fake = await fakeStopNcii();
const hashValue = hashToHex((await hashFile('photo.jpg')).hash);
const record = { signalType: 'ImagePDQ', hashStatus: 'Active', caseNumbers: [], feedbacks: [] };
fake.put({ ...record, hashValue });
console.log(fake.url);
`,
  );
  service = spawn(process.execPath, [file], { cwd: project.folder });
  const [url] = (await once(service.stdout!, 'data')) as [Buffer];
  const config = JSON.parse(blocks('json').find(({ text }) => text.includes('"lists"'))!.text);
  config.lists[0].baseUrl = `${url}`.trim();
  project.write('lists.json', JSON.stringify(config));
}
const env = {
  ...process.env,
  STOPNCII_SUBSCRIPTION_KEY: 'subscription',
  STOPNCII_FETCH_KEY: 'key',
};

test('the README has code to run', () => {
  expect(blocks('js').length).toBeGreaterThan(0);
  expect(blocks('sh').length).toBeGreaterThan(0);
});

function run(text: string): string {
  const file = project.write('block.mjs', text);
  const options = { cwd: project.folder, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync(process.execPath, [file], options);
}

test.each(blocks('js'))('js: $heading', ({ text }) => {
  // A trailing comment on a console.log line says what it prints.
  const promises = [...text.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, said]) => said!);
  const out = run(text);
  expect(promises.filter((promise) => !out.includes(promise))).toEqual([]);
});

test('both sides: the upload, a mirrored copy, is a match; another picture is none', async () => {
  const { text } = blocks('js').find(({ heading }) => heading.startsWith('Both sides'))!;
  expect(run(text)).toMatch(/^match \d+ \[ 'reported by its owner' \]\n$/);
  const other = join(ROOT, 'fixtures/photos/nagasaki-boats-q40.jpg');
  copyFileSync(other, join(project.folder, 'other.jpg'));
  expect(run(text.replace('upload.webp', 'other.jpg'))).toMatch(/^none /);
});

test.each([...blocks('ts'), ...blocks('html')])('$heading bundles', async ({ text }) => {
  const script = /<script type="module">([\s\S]*)<\/script>/.exec(text)?.[1] ?? text;
  const entry = project.write(
    'block.ts',
    script.replaceAll("'/onlyhashes/", "'./node_modules/onlyhashes/dist/"),
  );
  const { errors } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    outdir: project.folder,
  });
  expect(errors).toEqual([]);
});

test('sh: every command, in the order of the README', async () => {
  const commands = blocks('sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !ELSEWHERE.test(line));
  expect(commands.length).toBeGreaterThan(0);
  const program = `${process.execPath} ${join(project.folder, 'node_modules/onlyhashes/dist/cli.cjs')}`;
  for (const command of commands) {
    expect(command).toMatch(/^(npx )?onlyhashes /);
    const line = command.replace(/^(npx )?onlyhashes/, program);
    if (/ serve /.test(command)) {
      // It serves until it is ended.
      const server = spawn('sh', ['-c', `exec ${line}`], { cwd: project.folder, env });
      const ended = once(server, 'exit');
      expect(`${(await once(server.stdout, 'data'))[0]}`, command).toMatch(/^http:.+entries: \d/);
      server.kill('SIGTERM');
      expect(await ended, command).toEqual([0, null]);
      continue;
    }
    const run = () => execFileSync('sh', ['-c', line], { cwd: project.folder, env, stdio: 'pipe' });
    expect(run, command).not.toThrow();
  }
});
