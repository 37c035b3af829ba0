/*
 * Loaded before a program: no name is looked up and no connection made, and each attempt is written
 * down.
 */
const { appendFileSync } = require('node:fs');
const dns = require('node:dns');
const net = require('node:net');

function refuse(what) {
  appendFileSync(process.env.ATTEMPTS, `${what}\n`);
  throw new Error('expected no network to be needed');
}

for (const of of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
    if (of[name]) of[name] = () => refuse(`dns ${name}`);
  }
}
net.Socket.prototype.connect = () => refuse('connect');
