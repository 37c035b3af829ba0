import { stdin } from 'node:process';
import {
  createBundle,
  createWithdrawal,
  type HashedImage,
  listedPicture,
  readBundle,
  sealBundle,
  type WrittenBundle,
} from '../../index.js';
import { hash as hashFile } from '../../node/index.js';
import type { Call, Command } from '../command.js';
import { failureOf, UsageError } from '../failure.js';
import { wholeFile } from '../file-name.js';
import {
  answerTo,
  counted,
  exitCode,
  type Output,
  print,
  toStderr,
  toStdout,
  writeAll,
} from '../output.js';
import { outputPath, writeWhole } from '../output-file.js';
import { INNER_OPTION, innerChoice, listingOf } from '../pictures/inner.js';
import { PICTURE_OPTIONS } from '../pictures/picture-options.js';
import { eachPicture, sourceOf } from '../pictures/pictures.js';

/** `onlyhashes bundle`: a file for a person to submit, with hashes only. */
export const bundleCommand: Command = {
  name: 'bundle',
  usage: 'create FILE… | show BUNDLE | verify BUNDLE | withdraw [BUNDLE]',
  about: `Make a bundle of hashes to submit; show, verify or withdraw one.
A bundle contains only hashes: no pictures and no names. show prints it exactly as saved; \
withdraw prints the withdrawal to send. It needs the token alone; with BUNDLE, it checks that the \
token is that of the bundle.`,
  options: {
    output: {
      about: 'write to this file, readable by you alone, instead of standard output',
      value: 'FILE',
      short: 'o',
      actions: ['create', 'show', 'withdraw'],
    },
    overwrite: { about: 'let -o replace a file', needs: { output: [] } },
    seal: {
      about: 'encrypt for one receiver, by their age public key, age1…',
      value: 'KEY',
      actions: ['create'],
    },
    identity: {
      about: "file with the receiver's secret age key, to read a sealed bundle",
      value: 'FILE',
      actions: ['show', 'verify', 'withdraw'],
    },
    token: {
      about:
        'the withdraw token that create printed; prompted for if absent, - reads it from standard input. Other users of this machine can see a TOKEN given here while the program runs',
      value: 'TOKEN|-',
      actions: ['withdraw'],
    },
    crops: {
      about:
        'also hash up to four centred crops of each picture, 1:1, 4:5, 16:9 and 9:16: catches copies cropped to these shapes, but reveals its shape, sharper parts of its blurred outline, and which hashes belong together',
      actions: ['create'],
    },
    parts: {
      about:
        'also hash six parts of each picture: finds more copies, and wrongly flags fewer other pictures, but reveals a sharper outline of it',
      actions: ['create'],
    },
    inner: { ...INNER_OPTION, actions: ['create'] },
    resample: { ...PICTURE_OPTIONS.resample, actions: ['create'] },
  },
  examples: [
    [
      'onlyhashes bundle create photo.jpg -o bundle.json',
      'make one; prints the withdraw token once',
    ],
    ['onlyhashes bundle show bundle.json', 'see everything in it'],
    ['onlyhashes bundle withdraw', 'take it back; prompts for the token'],
  ],
  minWords: 1,
  async run(call, out) {
    const [action, ...words] = call.words as [string, ...string[]];
    if (words.length === 0 && action !== 'withdraw') {
      throw new UsageError(`expected ${bundleCommand.usage}`);
    }
    // Rejected before a picture is hashed or a token requested.
    const path = call.text('output');
    if (path !== undefined) await outputPath(path, { overwrite: call.on('overwrite') });
    if (action === 'create') return create(call, words, out);
    if (words.length > 1) throw new UsageError(`expected one bundle, got ${words[1]} too`);
    if (action === 'show') {
      const { text } = await open(call, words[0]!);
      // A reader of standard output may stop early.
      if (path === undefined) toStdout(text);
      else await write(call, text, out.signal);
    } else if (action === 'verify') {
      const bundle = await open(call, words[0]!, { padded: true });
      const { hashes, unknown = [], day, case: caseId } = bundle;
      const others = unknown.length === 0 ? '' : ` and ${unknown.length} of unknown algorithms`;
      print(`${counted(hashes.length, 'hash', 'hashes')}${others}, made on ${day}, case ${caseId}`);
    } else {
      checkToken(call, words[0]);
      const bundle = words[0] === undefined ? undefined : await open(call, words[0]);
      const withdrawal = await createWithdrawal(await tokenOf(call, out.signal));
      if (bundle && bundle.case !== withdrawal.case) {
        throw new RangeError('expected the token of this bundle');
      }
      await write(call, `${JSON.stringify(withdrawal, null, 2)}\n`, out.signal);
    }
    return 0;
  },
};

async function create(call: Call, words: readonly string[], out: Output): Promise<number> {
  out.begin('hashing');
  const resample = call.text('resample') === 'none' ? ('none' as const) : (512 as const);
  const images: HashedImage[] = [];
  const [crops, parts] = [call.on('crops'), call.on('parts')];
  const choice = innerChoice(call);
  const inner = choice !== 'no';
  const job = (file: string, ended: AbortSignal) =>
    hashFile(sourceOf(file), { exact: true, resample, crops, inner, parts, signal: ended });
  for await (const result of eachPicture(words, job, out)) {
    if (result.error) out.error(result.file, result.error.message);
    else {
      const { file, image } = result;
      images.push(listedPicture(image, await listingOf(image, choice, file, out)));
    }
  }
  out.clear();
  // A bundle that lacks a picture would look complete: the person decides what to leave out.
  if (out.errors > 0) {
    out.note('no bundle was made; to bundle the others, leave out the pictures with errors');
    return exitCode(out, 0);
  }
  const { bundle, withdrawToken } = await createBundle(images);
  const key = call.text('seal');
  await write(call, key === undefined ? bundle.text : await sealBundle(bundle, key), out.signal);
  toStderr(
    `Withdraw token: ${withdrawToken}\nKeep it: it is the only way to take this bundle back. It is not in the bundle, and we cannot recover it.\n`,
  );
  return 0;
}

async function open(
  call: Call,
  path: string,
  options?: { padded: boolean },
): Promise<WrittenBundle> {
  const bytes = await bytesOf(path);
  const identity = await secretKey(call);
  try {
    return identity === undefined
      ? readBundle(bytes, options)
      : await readBundle(bytes, { ...options, identity });
  } catch (error) {
    throw failureOf(path, error);
  }
}

/** The key in the file of `--identity`. */
async function secretKey(call: Call): Promise<string | undefined> {
  const identity = call.text('identity');
  if (identity === undefined) return undefined;
  const lines = (await bytesOf(identity)).toString().split('\n');
  const key = lines.find((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (key === undefined)
    throw new UsageError('expected an AGE-SECRET-KEY-… line in the identity file');
  return key.trim();
}

async function bytesOf(path: string): Promise<Buffer> {
  return path === '-' ? Buffer.concat(await stdin.toArray()) : await wholeFile(path);
}

/** @throws {UsageError} before anything is read, if there is no way to get the token */
function checkToken(call: Call, path: string | undefined): void {
  const token = call.text('token');
  if (token !== undefined && token !== '-') return;
  if (path === '-') throw new UsageError('expected the bundle in a file, or --token TOKEN');
  if (token === undefined && !stdin.isTTY) {
    throw new UsageError('expected --token -, and the token on standard input');
  }
}

/** The withdraw token: from the command line, the terminal, or all of standard input. */
async function tokenOf(call: Call, signal: AbortSignal): Promise<string> {
  const token = call.text('token');
  if (token !== undefined && token !== '-') return token;
  if (stdin.isTTY) return answerTo('Withdraw token (not shown): ', signal, { isHidden: true });
  return (await bytesOf('-')).toString();
}

/** Writes to the file of `-o`, readable by its owner alone, or to standard output. */
async function write(call: Call, content: string | Uint8Array, signal: AbortSignal): Promise<void> {
  const path = call.text('output');
  const overwrite = call.on('overwrite');
  if (path === undefined) await writeAll(content);
  else await writeWhole(path, [content], { overwrite, secret: true, signal });
}
