import { hashToHex } from '../../src/hash.js';
import { fakeNcmec } from '../../src/services/ncmec/fake.js';
import { fakeStopNcii } from '../../src/services/stop-ncii/fake.js';
import { hashAt, uniformHashes } from '../workloads.js';

/* Fake services whose lists are fetched. */

export type ServiceName = 'StopNCII' | 'NCMEC';

/** One in so many records is withdrawn or deleted. */
const GONE = 100;

/** A fake service that lists `count` records. */
export interface ListedService {
  readonly name: ServiceName;
  readonly url: string;
  /** the hash of each record, in hex */
  readonly hexOf: (at: number) => string;
  readonly isGone: (at: number) => boolean;
  /** entries of a record: its PDQ hash, and its digests */
  readonly hashes: number;
  /** Withdraws or deletes a record now. */
  withdraw(at: number): void;
  close(): Promise<void>;
}

type Start = (count: number, hexOf: (at: number) => string) => Promise<ListedService>;

const isGone = (at: number) => at % GONE === GONE - 1;

const STARTS: Readonly<Record<ServiceName, Start>> = {
  async StopNCII(count, hexOf) {
    const fake = await fakeStopNcii({ reorderSeed: 1 });
    const feedbacks = [{ source: 'Them', feedbackValue: 'Blocked', tags: ['nude'] }];
    const caseNumbers = [{ id: '6c1f3a2e-0d3b-4a65-9a59-3e1c6f7d9b10', status: 'Active' }];
    const put = (at: number, hashStatus: 'Withdrawn' | 'Active') => {
      const record = { signalType: 'ImagePDQ', hashValue: hexOf(at), hashStatus };
      fake.put({ ...record, caseNumbers, feedbacks });
    };
    for (let at = 0; at < count; at++) put(at, isGone(at) ? 'Withdrawn' : 'Active');
    return {
      name: 'StopNCII',
      hashes: 1,
      url: fake.url,
      hexOf,
      isGone,
      withdraw: (at) => put(at, 'Withdrawn'),
      close: () => fake.close(),
    };
  },
  async NCMEC(count, hexOf) {
    const fake = await fakeNcmec();
    const start = Date.parse('2023-01-01T00:00:00Z');
    const span = 3 * 365 * 86_400_000;
    const timeOf = (at: number) => new Date(start + Math.floor((at / count) * span)).toISOString();
    for (let at = 0; at < count; at++) {
      const ids = { memberId: '1', id: `entry${at}` };
      fake.put({
        kind: 'image',
        isDeleted: false,
        ...ids,
        timestamp: timeOf(at),
        classification: 'A1',
        fingerprints: [
          { type: 'md5', value: hexOf(at).slice(32) },
          { type: 'pdq', value: hexOf(at) },
        ],
        votes: [],
      });
      if (isGone(at)) fake.remove(ids.memberId, ids.id, timeOf(at));
    }
    return {
      name: 'NCMEC',
      hashes: 2,
      url: fake.url,
      hexOf,
      isGone,
      withdraw: (at) => fake.remove('1', `entry${at}`, new Date(start + span).toISOString()),
      close: () => fake.close(),
    };
  },
};

export const SERVICES = Object.keys(STARTS) as ServiceName[];

/** Starts a fake service. One in a hundred of its records is gone. */
export async function startService(name: ServiceName, count: number): Promise<ListedService> {
  const { bytes } = uniformHashes(count, 5);
  return await STARTS[name](count, (at) => hashToHex(hashAt(bytes, at)));
}
