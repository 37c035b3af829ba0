import { runProgram, serve } from '../programs/child.js';
import type { DecodeSetup, ScanSetup } from './run.js';

/* The servers of `bench uploads`. */

await runProgram({
  decode: async (setup: DecodeSetup) =>
    serve((await import('./decoding.js')).decodingListener(setup)),
  scan: async (setup: ScanSetup) =>
    serve(await (await import('./scanning.js')).scanningListener(setup)),
});
