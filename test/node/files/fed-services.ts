import { createHash } from 'node:crypto';
import type { FakeService } from '../../../src/services/fake-service.js';
import { HmaClient } from '../../../src/services/hma/client.js';
import { fakeHma } from '../../../src/services/hma/fake.js';
import type { ListClient } from '../../../src/services/list-update.js';
import { NcmecClient } from '../../../src/services/ncmec/client.js';
import { fakeNcmec } from '../../../src/services/ncmec/fake.js';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import { fakeStopNcii } from '../../../src/services/stop-ncii/fake.js';
import { TechAgainstTerrorismClient } from '../../../src/services/tech-against-terrorism/client.js';
import { fakeTechAgainstTerrorism } from '../../../src/services/tech-against-terrorism/fake.js';
import { ThreatExchangeClient } from '../../../src/services/threat-exchange/client.js';
import { fakeThreatExchange } from '../../../src/services/threat-exchange/fake.js';
import { stillClock } from '../../services/still-clock.js';

/** A hash that is not degenerate. */
export const hexOf = (n: number) => createHash('sha256').update(`${n}`).digest('hex');

/** A service with a fake of it: all that tests of fetching need, whatever the service. */
export interface FedService {
  readonly fake: FakeService;
  /** a list of a configuration file, without its name */
  readonly config: Record<string, unknown> & { credentials?: Record<string, string> };
  /** the environment that the configuration names */
  readonly env: Record<string, string>;
  client(): ListClient<unknown>;
  /** Lists record `n`, with the hash of number `hash`, in place of what it was. */
  list(n: number, hash?: number): void;
  /** Withdraws or deletes record `n`, as the service does. */
  withdraw(n: number): void;
  /** the id of record `n`, as an entry has it */
  idOf(n: number): string;
  /** the source of its entries */
  readonly source: string;
}

/** The clock of everything in a test, in seconds since 1970. */
export interface Clock {
  seconds: number;
}

const quiet = (clock: Clock) => ({
  tries: 1,
  timeoutSeconds: 10,
  clock: stillClock(() => clock.seconds),
});

type Start = (clock: Clock, pageSize: number) => Promise<FedService>;

/** Each service whose list is fetched. Each change is told later than the one before. */
export const SERVICES: Readonly<Record<string, Start>> = {
  async stopncii(clock, pageSize) {
    const start = { startSeconds: clock.seconds - 3600, reorderSeed: 3 };
    const fake = await fakeStopNcii({ ...start, maxPageSize: pageSize });
    const record = (hash: number) => ({
      signalType: 'ImagePDQ',
      hashValue: hexOf(hash),
      caseNumbers: [{ id: 'case', status: 'Active' }],
      feedbacks: [{ source: 'Them', feedbackValue: 'Blocked', tags: ['nude'] }],
    });
    // A record is its hash: one with another hash is another record.
    const hashes = new Map<number, number>();
    const withdraw = (n: number) => {
      if (hashes.has(n)) fake.setStatus(hexOf(hashes.get(n)!), 'Withdrawn');
    };
    return {
      fake,
      config: {
        service: 'stopncii',
        credentials: { subscriptionKey: 'FED_SUBSCRIPTION', fetchHashesKey: 'FED_KEY' },
      },
      env: { FED_SUBSCRIPTION: 'subscription', FED_KEY: 'key' },
      client: () =>
        new StopNciiClient(
          { subscriptionKey: 'subscription', fetchHashesKey: 'key' },
          { baseUrl: fake.url, ...quiet(clock) },
        ),
      list(n, hash = n) {
        if (hashes.has(n) && hashes.get(n) !== hash) withdraw(n);
        hashes.set(n, hash);
        fake.put({ ...record(hash), hashStatus: 'Active' });
      },
      withdraw,
      idOf: (n) => `ImagePDQ:${hexOf(hashes.get(n) ?? n)}`,
      source: 'StopNCII',
    };
  },
  async ncmec(clock, pageSize) {
    const fake = await fakeNcmec({ maxPageSize: pageSize, now: () => clock.seconds * 1000 });
    const time = () => new Date(clock.seconds++ * 1000 - 20_000).toISOString();
    return {
      fake,
      config: {
        service: 'ncmec',
        list: 'npoTest',
        credentials: { user: 'FED_A', password: 'FED_B' },
      },
      env: { FED_A: 'user', FED_B: 'password' },
      client: () =>
        new NcmecClient(
          { user: 'user', password: 'password' },
          { baseUrl: fake.url, ...quiet(clock), maxEntriesPerRange: 2 * pageSize },
        ),
      list(n, hash = n) {
        fake.put({
          kind: 'image',
          isDeleted: false,
          memberId: '1',
          id: `e${n}`,
          timestamp: time(),
          fingerprints: [{ type: 'pdq', value: hexOf(hash) }],
          votes: [],
        });
      },
      withdraw: (n) => fake.remove('1', `e${n}`, time()),
      idOf: (n) => `1/e${n}`,
      source: 'ncmec/industry',
    };
  },
  async threatexchange(clock, pageSize) {
    const start = { startSeconds: clock.seconds - 3600, reorderSeed: 5 };
    const fake = await fakeThreatExchange({ ...start, maxPageSize: pageSize });
    return {
      fake,
      config: {
        service: 'threatexchange',
        privacyGroup: '1',
        credentials: { accessToken: 'FED_TOKEN' },
      },
      env: { FED_TOKEN: '1234567890|secret' },
      client: () =>
        new ThreatExchangeClient({ accessToken: '1234567890|secret' }, '1', {
          baseUrl: fake.url,
          ...quiet(clock),
        }),
      list(n, hash = n) {
        fake.put({
          id: `${n}`,
          indicator: hexOf(hash),
          type: 'HASH_PDQ',
          shouldDelete: false,
          descriptors: [{ id: '1', ownerId: '2', status: 'MALICIOUS', tags: [], reactions: [] }],
        });
      },
      withdraw: (n) => fake.remove(`${n}`),
      idOf: (n) => `${n}`,
      source: 'ThreatExchange/1',
    };
  },
  async techagainstterrorism(clock, pageSize) {
    const fake = await fakeTechAgainstTerrorism({ pageSize, startSeconds: clock.seconds - 3600 });
    return {
      fake,
      config: {
        service: 'techagainstterrorism',
        credentials: { username: 'FED_A', password: 'FED_B' },
      },
      env: { FED_A: 'user', FED_B: 'password' },
      client: () =>
        new TechAgainstTerrorismClient(
          { username: 'user', password: 'password' },
          { baseUrl: fake.url, ...quiet(clock) },
        ),
      list(n, hash = n) {
        const record = { id: `${n}`, algorithm: 'PDQ', hashDigest: hexOf(hash), deleted: false };
        fake.put({ ...record, ideology: 'Islamist' });
      },
      withdraw: (n) => fake.remove(`${n}`),
      idOf: (n) => `${n}`,
      source: 'Tech Against Terrorism',
    };
  },
  async hma(clock) {
    const fake = await fakeHma({ now: () => clock.seconds * 1000 });
    fake.setBank('OURS', 1);
    return {
      fake,
      config: { service: 'hma', bank: 'OURS' },
      env: {},
      client: () =>
        new HmaClient({ baseUrl: fake.url, bank: 'OURS', maxMissing: 16, ...quiet(clock) }),
      list(n, hash = n) {
        fake.put({
          id: `${n + 1}`,
          bank: { name: 'OURS', enabledRatio: 1 },
          disableUntil: 1,
          signals: [{ type: 'pdq', value: hexOf(hash) }],
          exchanges: [],
        });
      },
      withdraw: (n) => fake.remove(`${n + 1}`),
      idOf: (n) => `${n + 1}`,
      source: 'HMA/OURS',
    };
  },
};
