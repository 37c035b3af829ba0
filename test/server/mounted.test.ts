import fastify from 'fastify';
import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { createNodeListener } from '../../src/server/http/node-listener.js';
import { createService } from '../../src/server/service.js';
import { pictureForm } from './hma/hma-served.js';
import { blocklist, LISTED, pool, serving } from './uploads/uploads.js';

test('a service is mounted in Fastify, beside its own routes', async () => {
  const { handler } = createService({ blocklist, pool, hma: {} });
  const app = fastify();
  app.get('/own', () => 'own');
  await app.register(async (mounted) => {
    // The service reads bodies itself.
    mounted.removeAllContentTypeParsers();
    mounted.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const listener = createNodeListener(handler);
    mounted.all('/*', (request, reply) => {
      reply.hijack();
      listener(request.raw, reply.raw);
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  await serving(app.server, async (url) => {
    expect(await (await fetch(`${url}/own`)).text()).toBe('own');
    const form = { method: 'POST', body: pictureForm('photo', LISTED) };
    const { hash } = await hashFile(LISTED);
    const hashed = await fetch(`${url}/h/hash`, form);
    expect(await hashed.json()).toEqual({ pdq: hashToHex(hash) });
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pdq: [hashToHex(hash), hashToHex(hash)] }),
    };
    const compared = await fetch(`${url}/m/compare`, json);
    expect(await compared.json()).toEqual({ pdq: [true, { distance: 0 }] });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });
  await app.close();
});
