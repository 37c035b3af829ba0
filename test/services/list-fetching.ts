import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UnknownWord } from '../../src/policy.js';
import type { FakeService, Fault } from '../../src/services/fake-service.js';
import type { ListClient, ListUpdate } from '../../src/services/list-update.js';
import { ServiceError } from '../../src/services/service-error.js';
import { runs } from '../seed.js';

/** A list as a platform keeps it: updates by key, and the checkpoint that was stored last. */
export interface Kept<Checkpoint> {
  list: Map<string, ListUpdate>;
  checkpoint?: Checkpoint;
}

/** Fetches into `kept`, as the documentation says; an error leaves what came before it. */
export async function fetchInto<Checkpoint>(
  kept: Kept<Checkpoint>,
  client: ListClient<Checkpoint>,
): Promise<UnknownWord[]> {
  const { checkpoint } = kept;
  const seen = new Set<string>();
  const unknown: UnknownWord[] = [];
  for await (const page of client.fetchUpdates(checkpoint ? { checkpoint } : {})) {
    for (const update of page.updates) {
      kept.list.set(update.key, update);
      seen.add(update.key);
    }
    unknown.push(...page.unknown);
    expect(page.checkpoint !== undefined).toBe(page.isDrained);
    if (page.isDrained && page.isFromStart) {
      for (const key of kept.list.keys()) if (!seen.has(key)) kept.list.delete(key);
    }
    // As JSON: what is stored is read back after a restart.
    if (page.checkpoint) kept.checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
  }
  return unknown;
}

/** Updates in the order of their keys. */
export const sorted = (updates: Iterable<ListUpdate>): ListUpdate[] =>
  [...updates].sort((a, b) => (a.key < b.key ? -1 : 1));

/** How a request for a page of JSON fails at once. */
export const PAGE_FAULTS: Record<string, Fault> = {
  'a failure': { kind: 'status', status: 500 },
  'a refusal': { kind: 'status', status: 400 },
  'a broken connection': { kind: 'reset' },
  'a reply cut at its start': { kind: 'cut', afterBytes: 1 },
  'a reply cut in the middle': { kind: 'cut' },
  'a reply cut at its end': { kind: 'cut', afterBytes: 1e9 },
  'half a reply': { kind: 'status', status: 200, body: '{"count":2,"hashRecords":[' },
  'an empty reply': { kind: 'status', status: 200, body: '' },
  'another reply': { kind: 'status', status: 200, body: { message: 'hello' } },
};

/** The error of a call that a service did not answer. It quotes no secret. */
export const errorOf = (
  call: Promise<unknown>,
  secrets: readonly string[] = ['secret'],
): Promise<ServiceError> =>
  call.then(
    () => expect.fail('was answered'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ServiceError);
      const { message, cause, stack } = error as ServiceError;
      const said = `${message} ${cause} ${stack} ${JSON.stringify(error)}`;
      for (const secret of secrets) expect(said).not.toContain(secret);
      return error as ServiceError;
    },
  );

/** A fake service with a list of three records a page, and how it is changed and read. */
export interface FakeList<Checkpoint> {
  readonly fake: FakeService;
  client(): ListClient<Checkpoint>;
  /** lists record number `n`, in place of an earlier one */
  put(n: number, version?: number): void;
  /** takes it back, if it is listed */
  remove(n: number): void;
  /** what is listed now, in the order of the keys */
  listed(): ListUpdate[];
}

/** Whatever fails and when, a fetch that comes to its end has the list of the service. */
export function examFaults<Checkpoint>(
  start: (reorderSeed: number | undefined) => Promise<FakeList<Checkpoint>>,
): void {
  test.each(Object.entries(PAGE_FAULTS))(
    '%s at any step: the checkpoint stays, and the next fetch has the whole list',
    async (_, fault) => {
      for (const reorderSeed of [undefined, 5]) {
        for (let skip = 0; skip < 4; skip++) {
          const list = await start(reorderSeed);
          for (let n = 0; n < 12; n++) list.put(n);
          const kept: Kept<Checkpoint> = { list: new Map() };
          const failsThenEnds = async (skip: number) => {
            const { checkpoint } = kept;
            list.fake.fail(fault, { skip });
            await errorOf(fetchInto(kept, list.client()));
            expect(kept.checkpoint).toEqual(checkpoint);
            await fetchInto(kept, list.client());
            expect(sorted(kept.list.values())).toEqual(list.listed());
          };
          await failsThenEnds(skip);
          // The same in a fetch that goes on from a checkpoint.
          for (let n = 3; n < 12; n++) list.remove(n);
          await failsThenEnds(Math.min(skip, 2));
          await list.fake.close();
        }
      }
    },
  );

  test('any history of changes, faults and fetches ends in the list of the service', async () => {
    const number = fc.nat(20);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), n: number, version: fc.nat(99) }),
      fc.record({ kind: fc.constant('remove' as const), n: number }),
      fc.record({
        kind: fc.constant('fail' as const),
        fault: fc.constantFrom(...Object.values(PAGE_FAULTS)),
        skip: fc.nat(3),
      }),
      fc.record({ kind: fc.constant('fetch' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.option(fc.nat(99), { nil: undefined }),
        async (steps, reorderSeed) => {
          const list = await start(reorderSeed);
          const kept: Kept<Checkpoint> = { list: new Map() };
          for (const each of steps) {
            if (each.kind === 'put') list.put(each.n, each.version);
            else if (each.kind === 'remove') list.remove(each.n);
            else if (each.kind === 'fail') list.fake.fail(each.fault, { skip: each.skip });
            else {
              await fetchInto(kept, list.client()).catch((error: unknown) => {
                expect(error).toBeInstanceOf(ServiceError);
              });
            }
          }
          list.fake.heal();
          await fetchInto(kept, list.client());
          expect(sorted(kept.list.values())).toEqual(list.listed());
          await list.fake.close();
        },
      ),
      { numRuns: runs(40) },
    );
  });
}
