'use strict';
/* A minute that a program waits between two rounds of its work takes a tenth of a second. */
const timers = require('node:timers/promises');
const { syncBuiltinESMExports } = require('node:module');

const wait = timers.setTimeout;
timers.setTimeout = (milliseconds, ...others) =>
  wait(milliseconds === 60_000 ? 100 : milliseconds, ...others);
syncBuiltinESMExports();
