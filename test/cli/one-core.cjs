'use strict';
/* The machine has one core, so the program starts one process for pictures, not one for each core. */
const os = require('node:os');
const { syncBuiltinESMExports } = require('node:module');

os.availableParallelism = () => 1;
syncBuiltinESMExports();
