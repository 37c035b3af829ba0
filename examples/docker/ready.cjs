'use strict';
/* Ends with 0 if the server in this container is ready. */
const { get } = require('node:http');

const port = process.argv[2] ?? 8080;
const asked = get({ host: '127.0.0.1', port, path: '/health/ready', timeout: 4000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
asked.on('timeout', () => process.exit(1));
asked.on('error', () => process.exit(1));
