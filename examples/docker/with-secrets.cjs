'use strict';
/*
 * Runs onlyhashes with variables whose values are in files: PGPASSWORD_FILE=/run/secrets/password
 * sets PGPASSWORD. So they stand in no list of processes and in no description of a container.
 */
const { readFileSync } = require('node:fs');

for (const [variable, path] of Object.entries(process.env)) {
  const name = /^((?:ONLYHASHES|PG)\w*)_FILE$/.exec(variable)?.[1];
  if (name) process.env[name] = readFileSync(path, 'utf8').trim();
}
require('./dist/cli.cjs');
