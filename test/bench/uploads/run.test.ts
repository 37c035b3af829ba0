import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { UploadScale } from '../../../bench/uploads/run.js';
import { runUploads } from '../../../bench/uploads/uploads.js';
import { testFolder } from '../../folder.js';
import { listener, recordOf, UPLOADS_SERVER } from '../listener.js';

const SMALL: UploadScale = {
  sizes: { phone: [800, 600], shared: [400, 300], heavyBytes: 500_000, heavy: [1200, 900] },
  entries: 1000,
  uploads: 25,
  clients: 10,
  rounds: 1,
  weighed: 1,
  heavy: 8,
  slowClients: 3,
};

const folder = testFolder();

test('all parts: real servers answer as expected, and every figure is there', async () => {
  const { context, notes, figures } = listener();
  const record = recordOf(await runUploads(context, SMALL, UPLOADS_SERVER));
  expect(notes.join('\n')).toMatch(/answers as expected: 1\d\d\n/);
  expect(record.scale).toMatchObject({ entries: 1000, uploads: 25 });
  expect(record.throughput.map(({ name }: { name: string }) => name)).toEqual([
    'bare decoding',
    'plain',
    'quick',
    'thorough',
  ]);
  for (const row of record.throughput) {
    for (const figure of ['uploadsPerSecond', 'ratio', 'cpuMilliseconds', 'peakMegabytes']) {
      if (process.platform !== 'linux' && /cpu|peak/.test(figure)) continue;
      expect(row[figure], `${row.name}: ${figure}`).toBeGreaterThan(0);
    }
  }
  // The README has a cell for each of these.
  if (process.platform === 'linux') {
    for (const way of ['plain', 'quick', 'thorough']) {
      for (const kind of ['', ', 1 MP', ', progressive']) {
        expect(record.cost[`${way}${kind}, ms of CPU`], way + kind).toBeGreaterThanOrEqual(0);
      }
    }
  }
  // Each of them was answered once: nothing is lost, even where the queue is short.
  for (const { decided, unhashable, busy, lost } of record.memory) {
    expect([decided + busy, unhashable, lost]).toEqual([SMALL.heavy, 0, 0]);
  }
  expect(record.memory[0].decided).toBe(SMALL.heavy);
  expect(record.slow['uploads a second alone']).toBeGreaterThan(0);
  const judged = Object.values(figures).filter((figure) => Object(figure) === figure);
  expect(context.gathered.targets).toHaveLength(judged.length);
});

test('servers answer as expected where no photos are installed', async () => {
  const { context, notes } = listener({}, ['slow']);
  // Of nearly full size: noise weighs more in a smaller copy.
  const sizes = { ...SMALL.sizes, phone: [2016, 1512], shared: [1155, 866] } as const;
  await runUploads(context, { ...SMALL, sizes }, UPLOADS_SERVER, []);
  expect(notes.join('\n')).toContain('are not installed: pictures are made up');
  expect(notes.join('\n')).toMatch(/answers as expected: 1\d\d\n/);
});

test('a server that finds nothing is detected', async () => {
  const script = join(folder, 'blind.mjs');
  writeFileSync(
    script,
    `import { createServer } from 'node:http';
    process.on('message', () => process.send({ p50: 0, p99: 0, max: 0 }));
    process.on('disconnect', () => process.exit());
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end('{"verdict":"none"}'));
    });
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));`,
  );
  const { context } = listener();
  const run = runUploads(context, SMALL, pathToFileURL(script));
  await expect(run).rejects.toThrow(/^bare decoding, broken: none .+, expected unhashable$/);
});

test('an unknown part is refused', async () => {
  const { context } = listener({}, ['throughput', 'none']);
  const run = runUploads(context, SMALL, UPLOADS_SERVER);
  await expect(run).rejects.toThrow('parts among throughput, cost, memory, slow');
});
