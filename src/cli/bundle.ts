import { readFile, writeFile } from 'node:fs/promises';
import { stderr, stdin, stdout } from 'node:process';
import type { HashedImage } from '../index.js';
import { hashFile } from '../node/index.js';
import {
  type Bundle,
  bundleText,
  createBundle,
  createWithdrawal,
  readBundle,
  sealBundle,
  unsealBundle,
  withdrawalText,
} from '../submission/index.js';
import { type Call, type Command, UsageError } from './command.js';
import { listed } from './files.js';
import { eachPicture, HASH_OPTIONS, type Source } from './hash.js';
import { exitCode, output } from './output.js';
import { progress } from './progress.js';

/** `onlyhashes bundle`: what a person gives away, hashes only. */
export const bundleCommand: Command = {
  name: 'bundle',
  usage: 'create FILE… | show BUNDLE | verify BUNDLE | withdraw BUNDLE --token TOKEN',
  about:
    "Make the hash-only bundle of somebody's pictures, show it as it is saved, check one, or take one back. It holds no names and no pictures.",
  options: {
    output: { about: 'the file to write, instead of standard output', value: 'FILE', short: 'o' },
    seal: { about: 'for this receiver alone: their age public key, age1…', value: 'KEY' },
    identity: {
      about: "a file with the receiver's secret age key, to read a sealed bundle",
      value: 'FILE',
    },
    token: { about: 'the token that was shown when the bundle was made', value: 'TOKEN' },
    crops: {
      about: 'also hash nine crops of each picture: catches cropped copies, gives away more',
    },
    resample: HASH_OPTIONS.resample,
  },
  examples: [
    ['onlyhashes bundle create photo.jpg -o bundle.json', 'shows the withdraw token once'],
    ['onlyhashes bundle show bundle.json', 'byte for byte what is in it'],
    ['onlyhashes bundle withdraw bundle.json --token TOKEN', 'what to send to take it back'],
  ],
  minWords: 2,
  async run(call, signal) {
    const [action, ...words] = call.words as [string, string, ...string[]];
    if (action === 'create') return create(call, words, signal);
    if (words.length > 1) throw new UsageError('expected one bundle');
    if (action === 'show') {
      await write(call, bundleText(await open(call, words[0]!)));
    } else if (action === 'verify') {
      const { hashes, day, case: caseId } = await open(call, words[0]!);
      console.log(`${hashes.length} hashes, made on ${day}, case ${caseId}`);
    } else if (action === 'withdraw') {
      const token = call.text('token');
      if (token === undefined) throw new UsageError('expected --token TOKEN');
      const withdrawal = await createWithdrawal(await open(call, words[0]!), token);
      await write(call, withdrawalText(withdrawal));
    } else throw new UsageError('expected create, show, verify or withdraw');
    return 0;
  },
};

async function create(call: Call, words: readonly string[], signal: AbortSignal): Promise<number> {
  const bar = progress('hashing');
  const out = output(bar);
  const resample = call.text('resample') === 'none' ? ('none' as const) : (512 as const);
  const images: HashedImage[] = [];
  const job = (source: Source, ended: AbortSignal) =>
    hashFile(source, { exact: true, resample, crops: call.on('crops'), signal: ended });
  const files = await listed(words, { out, signal });
  for await (const result of eachPicture(files, job, { signal, bar })) {
    if (result.error) out.error(result.file, result.error.message);
    else images.push(result.value);
  }
  bar.clear();
  // A bundle that lacks a picture would look complete: the person decides what to leave out.
  if (out.errors > 0 || images.length === 0) return exitCode(out.errors, 0);
  const { bundle, withdrawToken } = await createBundle(images);
  const key = call.text('seal');
  await write(call, key === undefined ? bundleText(bundle) : await sealBundle(bundle, key));
  stderr.write(
    `Withdraw token: ${withdrawToken}\nKeep it: it is the only way to take this bundle back. It is not in the bundle, and we cannot recover it.\n`,
  );
  return 0;
}

async function open(call: Call, path: string): Promise<Bundle> {
  const bytes = path === '-' ? Buffer.concat(await stdin.toArray()) : await readFile(path);
  const identity = call.text('identity');
  if (identity === undefined) return readBundle(bytes);
  const lines = (await readFile(identity, 'utf8')).split('\n');
  const key = lines.find((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (key === undefined)
    throw new UsageError('expected a line AGE-SECRET-KEY-… in the identity file');
  return unsealBundle(bytes, key.trim());
}

/** To the file of `-o`, which must not be there yet, or to standard output. */
async function write(call: Call, content: string | Uint8Array): Promise<void> {
  const path = call.text('output');
  if (path === undefined) stdout.write(content);
  else await writeFile(path, content, { flag: 'wx' });
}
