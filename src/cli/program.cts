#!/usr/bin/env node
import os = require('node:os');

// Pictures are decoded in the thread pool of libuv, which has four threads unless the environment says otherwise when it
// starts. It starts with the first module that is imported, so this file, which starts it, is CommonJS. Windows hands the
// pool the environment that the process began with.
const cores = os.availableParallelism();
if (process.platform !== 'win32' && cores > 4) {
  process.env.UV_THREADPOOL_SIZE ||= String(cores);
}
// By an address that is no literal: the program stays a module of its own.
const program = './cli.js';
import(program);
