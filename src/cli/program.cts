#!/usr/bin/env node
import os = require('node:os');

// libuv decodes pictures in a pool of four threads, or as many as UV_THREADPOOL_SIZE says when the
// pool starts. Loading an ES module starts it, so this file is CommonJS. On Windows libuv does not
// see a change to the environment.
const cores = os.availableParallelism();
if (process.platform !== 'win32' && cores > 4) {
  process.env.UV_THREADPOOL_SIZE ||= String(cores);
}
// Not a literal, so that it stays a separate module.
const program = './cli.js';
import(program);
