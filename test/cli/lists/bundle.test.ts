import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOf } from '../../../src/bundle/bundle-shape.js';
import { newWithdrawToken } from '../../../src/bundle/withdraw-token.js';
import { type Bundle, readBundle, readWithdrawal } from '../../../src/index.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS, PROGRAM } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');
const BOATS = join(PHOTOS, 'nagasaki-boats-q40.jpg');
const folder = testFolder();

test('makes, shows and verifies a bundle, and withdraws it with the token', async () => {
  const path = join(folder, 'bundle.json');
  const made = await onlyhashes(['bundle', 'create', CAT, BOATS, '-o', path]);
  expect(made).toMatchObject({ code: 0, out: '' });
  const token = /^Withdraw token: (\S.*)$/m.exec(made.err)![1]!;
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain('cat');
  expect(text).not.toContain(token);
  const { lines } = await onlyhashes(['hash', '--exact', CAT]);
  expect(text).toContain(lines[0]!.slice(0, 64));
  expect((await onlyhashes(['bundle', 'show', path])).out).toBe(text);
  expect((await onlyhashes(['bundle', 'verify', path])).out).toMatch(/^2 hashes, made on /);
  const taken = await onlyhashes(['bundle', 'withdraw', path, '--token', token]);
  expect(JSON.parse(taken.out)).toMatchObject({
    case: (JSON.parse(text) as { case: string }).case,
  });
  expect(await onlyhashes(['bundle', 'withdraw', '--token', token])).toEqual(taken);
  const other = newWithdrawToken();
  for (const [words, message] of [
    [[path, '--token', 'AAAA'], 'expected a token of 24'],
    [['--token', token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))], 'a token of 24'],
    [[path, '--token', other], 'the token of this bundle'],
  ] as const) {
    const wrong = await onlyhashes(['bundle', 'withdraw', ...words]);
    expect(wrong).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
    expect(wrong.err).not.toContain('    at ');
  }
  const again = await onlyhashes(['bundle', 'create', CAT, '-o', path]);
  expect(again.code).toBe(2);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('shows no token of a bundle that was not written whole', async () => {
  for (const to of ['| true', ...(existsSync('/dev/full') ? ['> /dev/full'] : [])]) {
    const script = `"$0" "$1" bundle create "$2" ${to}; exit "\${PIPESTATUS[0]}"`;
    const ran = spawnSync('bash', ['-c', script, process.execPath, PROGRAM, CAT], {
      encoding: 'utf8',
    });
    expect({ to, code: ran.status }).toEqual({ to, code: 2 });
    expect(ran.stderr).not.toContain('token');
    expect(ran.stderr).toContain('standard output');
  }
});

test('makes no bundle of only some of the pictures, and reports it', async () => {
  const bad = join(folder, 'bad.jpg');
  writeFileSync(bad, 'no picture');
  const path = join(folder, 'some.json');
  const { out, err, code } = await onlyhashes(['bundle', 'create', CAT, bad, '-o', path]);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err).toMatch(
    /^onlyhashes: [^\n]*bad\.jpg: [^\n]+\nonlyhashes: no bundle was made; [^\n]+\n$/,
  );
  expect(readdirSync(folder)).not.toContain('some.json');
  const shown = await onlyhashes(['bundle', 'show', bad]);
  expect(shown).toMatchObject({ code: 2, err: expect.stringContaining('bad.jpg: expected') });
});

test.each(['512', 'none'])('--resample %s shows in the hashes', async (resample) => {
  const made = await onlyhashes(['bundle', 'create', CAT, '--crops', '--resample', resample]);
  const { hashes } = JSON.parse(made.out) as { hashes: { resample: unknown }[] };
  expect(hashes).toHaveLength(5);
  expect(new Set(hashes.map((hash) => String(hash.resample)))).toEqual(new Set([resample]));
});

/** Makes a bundle of one picture in its own file; gives path and token. */
async function bundleOfCat(name: string): Promise<{ path: string; token: string }> {
  const path = join(folder, name);
  const { err } = await onlyhashes(['bundle', 'create', CAT, '-o', path]);
  return { path, token: /^Withdraw token: (\S+)$/m.exec(err)![1]! };
}

/** The token of a withdrawal of the bundle at `path`. */
async function tokenIn(withdrawal: string | Uint8Array, path: string): Promise<string> {
  const { case: caseId, token } = await readWithdrawal(withdrawal);
  expect(caseId).toBe(readBundle(readFileSync(path)).case);
  return token;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test('only the owner can read bundles and withdrawals, even when they replace a file', async () => {
  const { path, token } = await bundleOfCat('mine.json');
  expect(modeOf(path)).toBe(0o600);
  const back = join(folder, 'back.json');
  writeFileSync(back, 'open to all', { mode: 0o666 });
  chmodSync(back, 0o666);
  const withdraw = ['bundle', 'withdraw', path, '--token', '-', '-o', back];
  const refused = await onlyhashes(withdraw, { input: token });
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('--overwrite');
  expect(readFileSync(back, 'utf8')).toBe('open to all');
  const taken = await onlyhashes([...withdraw, '--overwrite'], { input: token });
  expect(taken).toMatchObject({ code: 0, out: '', err: '' });
  expect(await tokenIn(readFileSync(back), path)).toBe(token);
  expect(modeOf(back)).toBe(0o600);
  // The error comes before the pictures are hashed.
  const early = await onlyhashes(['bundle', 'create', '/no/such.jpg', '-o', path]);
  expect(early.err).toContain('--overwrite');
  expect(early.err).not.toContain('such.jpg');
  chmodSync(path, 0o644);
  const { code } = await onlyhashes(['bundle', 'create', BOATS, '-o', path, '--overwrite']);
  expect([code, modeOf(path)]).toEqual([0, 0o600]);
  expect(readBundle(readFileSync(path), { padded: true }).hashes).toHaveLength(1);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('the token comes from the command line or standard input', async () => {
  const { path, token } = await bundleOfCat('token.json');
  for (const [words, input] of [
    [['--token', token], ''],
    [['--token', '-'], `${token.toLowerCase().replaceAll('-', ' ')}\n`],
  ] as const) {
    const { out, code } = await onlyhashes(['bundle', 'withdraw', path, ...words], { input });
    expect(code).toBe(0);
    expect(await tokenIn(out, path)).toBe(token);
  }
  const fromInput = ['bundle', 'withdraw', '-', '--token', token];
  const piped = await onlyhashes(fromInput, { input: readFileSync(path) });
  expect(await tokenIn(piped.out, path)).toBe(token);
  for (const words of [[], [path], ['-'], ['-', '--token', '-']]) {
    const { out, err, code } = await onlyhashes(['bundle', 'withdraw', ...words], { input: token });
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).toContain('expected');
    expect(err).not.toContain(token);
  }
  const empty = await onlyhashes(['bundle', 'withdraw', path, '--token', '-'], { input: '' });
  expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('expected a token')]);
});

/**
 * Runs the program at a terminal and types at its first question. Gives what the terminal shows,
 * and the exit code.
 */
function typed(
  args: readonly string[],
  answer: string,
): Promise<{ shown: string; code: number | null }> {
  const line = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], { stdio: 'pipe' });
  let shown = '';
  let asked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (!asked && shown.includes('(not shown): ')) {
      asked = true;
      child.stdin.write(answer);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ shown, code }));
  });
}

test.runIf(process.platform === 'linux')(
  'at a terminal, it asks for the token and does not show it',
  async () => {
    const { path, token } = await bundleOfCat('asked.json');
    const back = join(folder, 'asked-back.json');
    const args = ['bundle', 'withdraw', path, '-o', back];
    // One letter too many, deleted again.
    const { shown, code } = await typed(args, `${token}X\x7f\r`);
    expect(code).toBe(0);
    expect(shown).toContain('Withdraw token');
    expect(shown).not.toContain(token.slice(0, 4));
    expect(await tokenIn(readFileSync(back), path)).toBe(token);
    const dash = await typed(['bundle', 'withdraw', path, '--token', '-'], `${token}\r`);
    expect(dash.code).toBe(0);
    // The withdrawal itself contains the token: once, printed by the program.
    expect(dash.shown.split(token)).toHaveLength(2);
    expect(await typed(args, '')).toMatchObject({
      code: 2,
      shown: expect.not.stringContaining('(not'),
    });
    const asked = ['bundle', 'withdraw', path];
    const wrong = await typed(asked, 'AAAA\r');
    expect(wrong.code).toBe(2);
    expect(wrong.shown).not.toContain('    at ');
    const ended = await typed(asked, '\x04');
    expect(ended.code).toBe(2);
    expect(ended.shown).not.toContain('    at ');
    expect((await typed(asked, '\x03')).code).toBe(130);
  },
);

test('verify reports a bundle that is not padded to its size class', async () => {
  const { path } = await bundleOfCat('padded.json');
  const cut = join(folder, 'cut.json');
  const text = readFileSync(path, 'utf8').replace('"padding": ".', '"padding": "');
  const bundle = JSON.parse(text) as Bundle;
  writeFileSync(cut, text.replace(bundle.check, checkOf(bundle)));
  const { out, err, code } = await onlyhashes(['bundle', 'verify', cut]);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err).toContain('size class');
  expect((await onlyhashes(['bundle', 'show', cut])).code).toBe(0);
});

test('verify counts hashes of unknown algorithms separately', async () => {
  const { path } = await bundleOfCat('known.json');
  const bundle = JSON.parse(readFileSync(path, 'utf8')) as Bundle;
  const other = { algorithm: 'photo-2', hash: 'AB'.repeat(20), variant: 'original' };
  const hashes = [other, ...bundle.hashes] as Bundle['hashes'];
  const bare = JSON.stringify({ ...bundle, hashes, padding: '' });
  const whole = { ...bundle, hashes, padding: '.'.repeat(16_384 - bare.length) };
  writeFileSync(path, JSON.stringify({ ...whole, check: checkOf(whole) }));
  const { out, code } = await onlyhashes(['bundle', 'verify', path]);
  expect(code).toBe(0);
  expect(out).toMatch(/^1 hash and 1 of unknown algorithms, made on /);
});

test('makes no bundle if a picture cannot be read', async () => {
  const bad = join(folder, 'bad.jpg');
  writeFileSync(bad, 'no picture');
  const { out, err, code } = await onlyhashes(['bundle', 'create', CAT, bad]);
  expect(out).toBe('');
  expect(err).toContain('bad.jpg');
  expect(err).not.toContain('token');
  expect(code).toBe(2);
});

test('refuses an altered bundle', async () => {
  const { path } = await bundleOfCat('altered.json');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/(?<="hash":"[0-9a-f]*)[0-7]/, (one) => `${Number(one) + 1}`);
  expect(changed).not.toBe(text);
  for (const [altered, message] of [
    ['{ "format": "onlyhashes-bundle", "version": 9 }', 'version 1'],
    [changed, 'the file is damaged'],
  ] as const) {
    writeFileSync(path, altered, { mode: 0o600 });
    const { err, code } = await onlyhashes(['bundle', 'verify', path]);
    expect(err).toMatch(/^onlyhashes: /);
    expect(err).toContain(message);
    expect(err).not.toContain('    at ');
    expect(code).toBe(2);
  }
});
