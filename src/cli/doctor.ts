import process from 'node:process';
import { decoders } from '../node/index.js';
import type { Command } from './command.js';
import { print } from './output.js';

/** `onlyhashes doctor`: the formats that this machine can decode, its versions, how it hashes. */
export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  about: 'Show what this machine can decode, and with which versions.',
  options: { json: { about: 'print one JSON object' } },
  examples: [['onlyhashes doctor', 'formats and versions']],
  minWords: 0,
  maxWords: 0,
  async run(call) {
    const found = await decoders();
    if (call.on('json')) {
      print(JSON.stringify(found));
      return 0;
    }
    const { sharp, libvips, threads, hashing, ffmpeg, formats } = found;
    // Bun and Deno also have the version of the Node that they emulate.
    const { node, bun, deno } = process.versions;
    const runtime = bun ? `bun      ${bun}` : deno ? `deno     ${deno}` : `node     ${node}`;
    print(`${runtime} on ${process.platform} ${process.arch}`);
    print(`sharp    ${sharp ?? 'not installed: npm install sharp'}`);
    if (libvips) print(`libvips  ${libvips}`);
    print(`ffmpeg   ${'path' in ffmpeg ? `${ffmpeg.version} at ${ffmpeg.path}` : ffmpeg.missing}`);
    print(`threads  ${threads} pictures decoded at a time`);
    const slower = 'JavaScript, as WebAssembly SIMD is missing or forbidden here: the same hashes';
    print(`hashing  ${hashing === 'simd' ? 'in WebAssembly SIMD' : slower}\n`);
    for (const { format, readable, library } of formats) {
      print(`${format.padEnd(9)}${readable ? (library ?? 'yes') : 'not supported'}`);
    }
    return sharp ? 0 : 2;
  },
};
