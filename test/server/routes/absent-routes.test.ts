import { afterAll, expect, test } from 'vitest';
import { serveCommand } from '../../../src/cli/serve/serve.js';
import { createService, SERVICE_OPTIONS, type Service } from '../../../src/server/service.js';
import { followedStore, wholeService } from '../hma/hma-served.js';
import { blocklist, pool } from '../uploads/uploads.js';

const followed = await followedStore();
afterAll(() => followed.store.close());

const whole = wholeService(followed, { scanBlob: { labels: {} } });
const bare = createService({ blocklist, pool });

async function asked({ handler }: Service, path: string) {
  const response = await handler(new Request(`http://localhost${path}`));
  return { status: response.status, text: await response.text() };
}

const { paths } = JSON.parse((await asked(whole, '/openapi.json')).text) as { paths: object };

test('a 404 names the option that would serve the path, whichever it is', async () => {
  const named = new Set<string>();
  for (const path of Object.keys(paths)) {
    const { status, text } = await asked(bare, path.replaceAll(/[{}]/g, ''));
    if (status !== 404) continue;
    const [, option = '', flags = ''] = /needs the option (\w+)(.*)/.exec(text) ?? [path];
    expect(Object.keys(SERVICE_OPTIONS), path).toContain(option);
    for (const [, flag] of flags.matchAll(/--([\w-]+)/g)) {
      expect(Object.keys(serveCommand.options)).toContain(flag);
    }
    named.add(option);
  }
  const all = ['curation', 'hma', 'intake', 'review', 'scan', 'scanBlob', 'webhook'];
  expect([...named].sort()).toEqual(all);
});

test('a path that no option would serve is just not found', async () => {
  const plain = { code: 'not-found', message: 'expected a path of the service' };
  for (const path of ['/reviews', '/v2/match', '/review/no-such', '/v1/cases/a/b']) {
    expect(JSON.parse((await asked(whole, path)).text), path).toMatchObject(plain);
  }
  expect(JSON.parse((await asked(bare, '/reviews')).text)).toEqual(plain);
  expect(JSON.parse((await asked(bare, '/review')).text)).toEqual({
    code: 'not-found',
    message:
      'expected a path of the service: /review needs the option review, or serve --store and ' +
      '--review-days',
  });
});
