'use strict';
/*
 * Ends the program by SIGKILL before its n-th change of a file, where n is in KILL_AT: an opening,
 * a write, a flush, a renaming, a link or a removal. A program that has fewer ends by itself.
 */
const fs = require('node:fs/promises');
const { syncBuiltinESMExports } = require('node:module');

let left = Number(process.env.KILL_AT);
function count() {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
}
for (const name of ['open', 'rename', 'link', 'rm', 'mkdir']) {
  const real = fs[name];
  fs[name] = (path, ...others) => {
    // Files that are only read change nothing.
    if (name !== 'open' || typeof others[0] === 'string') count();
    return real(path, ...others);
  };
}
const open = fs.open;
fs.open = async (...words) => {
  const file = await open(...words);
  for (const name of ['write', 'writeFile', 'sync', 'datasync', 'truncate']) {
    const real = file[name].bind(file);
    file[name] = (...others) => {
      count();
      return real(...others);
    };
  }
  return file;
};
syncBuiltinESMExports();
