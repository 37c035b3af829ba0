import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FakeService, Fault } from '../../src/services/fake-service.js';
import { fakeNcmec } from '../../src/services/ncmec/fake.js';
import { fakeStopNcii } from '../../src/services/stop-ncii/fake.js';
import { openStore } from '../../src/store/sql/open-store.js';
import { hexOf } from '../matching/reviews.js';
import { workerScripts } from '../node/pool/hash-process.js';
import { describePostgresql } from '../store/engines.js';
import { TOKEN } from './review/reviewed-items.js';

let scripts: ReturnType<typeof workerScripts>;
let script: string;
let platform: ChildProcess | undefined;
beforeAll(() => {
  scripts = workerScripts();
  script = fileURLToPath(scripts.build('test/server/feedback-platform.ts'));
});
afterAll(() => {
  platform?.kill('SIGKILL');
  scripts.remove();
});

const ENTRIES = [0, 1, 2, 3];
/** StopNCII's own time is after ours, so that all that changes is found. */
const START = 4_000_000_000;

describePostgresql((server) => {
  test('decisions reach the services through cuts, failures and kills', async () => {
    const storeUrl = await server().newDatabase();
    const stopNcii = await fakeStopNcii({ startSeconds: START });
    const ncmec = await fakeNcmec();
    for (const number of ENTRIES) {
      const more = { hashStatus: 'Active', caseNumbers: [], feedbacks: [] };
      stopNcii.put({ signalType: 'ImagePDQ', hashValue: hexOf(number), ...more });
      ncmec.put({
        ...{ kind: 'image', isDeleted: false, memberId: '7', id: `${number}`, votes: [] },
        timestamp: '2026-11-26T10:00:00Z',
        fingerprints: [{ type: 'pdq', value: hexOf(number) }],
      });
    }
    let url = '';
    let open = Number.POSITIVE_INFINITY;
    /** How often the platform has told what is open. */
    let told = 0;

    async function start(): Promise<void> {
      const child = spawn(process.execPath, [script, storeUrl, stopNcii.url, ncmec.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      platform = child;
      open = Number.POSITIVE_INFINITY;
      const lines = createInterface({ input: child.stdout });
      const [port] = await once(lines, 'line');
      url = `http://127.0.0.1:${port}`;
      lines.on('line', (line) => {
        told++;
        open = Number.parseInt(line, 10);
      });
    }

    async function kill(): Promise<void> {
      const ended = once(platform!, 'exit');
      platform!.kill('SIGKILL');
      await ended;
    }

    const decided: string[] = [];
    const tell = (id: string) => {
      const [service, number, action] = id.split(' ');
      return fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          id,
          item: { id: `${service} ${number}` },
          action: { id: action },
          actorEmail: 'moderator@example.com',
        }),
      });
    };

    async function decide(id: string): Promise<void> {
      decided.push(id);
      expect((await tell(id)).status).toBe(200);
    }

    /** Decides while the service fails, and kills the platform when the service has been asked. */
    async function killedAt(id: string, service: FakeService, fault: Fault): Promise<void> {
      const isWrite = ({ method }: { method: string }) => method !== 'GET';
      const asked = () => service.requests.filter(isWrite).length;
      const before = asked();
      service.heal();
      service.fail(fault, { when: isWrite });
      await decide(id);
      await until(() => asked() > before);
      await kill();
      service.heal();
      await start();
    }

    await start();
    for (const number of ENTRIES) {
      for (const [name, service] of [
        ['stop', stopNcii],
        ['ncmec', ncmec],
      ] as const) {
        // Its answer never comes: the service has it, or has not.
        const takesEffect = number % 2 === 0;
        await killedAt(`${name} ${number} remove`, service, { kind: 'stall', takesEffect });
      }
      // The delivery itself is broken off, and made again by the review tool.
      const late = `stop ${number} not-the-picture`;
      const broken = tell(late).catch(() => undefined);
      if (waits(number)) await until(() => open === 0);
      await kill();
      await broken;
      await start();
      await decide(late);
      ncmec.fail({ kind: 'cut' });
      ncmec.fail({ kind: 'status', status: 500 });
      await decide(`ncmec ${number} not-the-picture`);
    }
    // What it told before may be read late.
    const before = told;
    await until(() => open === 0 && told > before + 5);
    await kill();

    // Each decision is in the log once.
    const logged: string[] = [];
    const store = await openStore({ url: storeUrl });
    for await (const { id, outcome } of store.reviewLog({ retentionDays: 30 }).read()) {
      expect(outcome).toBe(id.includes('remove') ? 'confirmed' : 'rejected');
      logged.push(id.replace(/:0$/, ''));
    }
    expect(logged.toSorted()).toEqual(decided.toSorted());
    expect(await store.verify()).toEqual([]);
    await store.close();

    // Each service holds the last decision on each entry.
    for (const { feedbacks } of stopNcii.records()) {
      expect(feedbacks).toEqual([{ source: 'Us', feedbackValue: 'NotBlocked', tags: [] }]);
    }
    expect(ncmec.votes().map(({ id, says }) => [id, says])).toEqual(
      ENTRIES.map((number) => [`${number}`, 'negative']),
    );

    // StopNCII, which is read back, took each feedback once.
    const newest = Math.max(
      ...stopNcii.records().map(({ lastModtimestamp = 0 }) => lastModtimestamp),
    );
    expect(newest - START + 1 - ENTRIES.length).toBe(2 * ENTRIES.length);
    // NCMEC took votes twice: an answer that is lost costs another PUT, which changes nothing.
    // Without a wait, the later vote may replace the lost one before it is sent again.
    const puts = ncmec.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    for (const number of ENTRIES) {
      const ofEntry = puts.filter((path) => path.includes(`/7/${number}/`));
      expect(ofEntry.length).toBeGreaterThanOrEqual(waits(number) ? 3 : 2);
    }
    await Promise.all([stopNcii.close(), ncmec.close()]);
  });
});

/** Whether the kill waits until what came before is sent. */
const waits = (number: number) => number > 1;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
