import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { BUSY, type Clocks, calibrate, isBusy } from '../../bench/calibration.js';
import { checkoutOf } from '../../bench/circumstances.js';
import { runBenches } from '../../bench/harness.js';
import { testFolder } from '../folder.js';

/** What the machine is said to be like. */
const machine = vi.hoisted(() => ({ spread: 1, others: 0 }));
vi.mock('../../bench/calibration.js', async (original) => {
  const real = await original<typeof import('../../bench/calibration.js')>();
  return {
    ...real,
    calibrate: (clocks?: Clocks) => (clocks ? real.calibrate(clocks) : { ...machine }),
  };
});

const folder = testFolder();
beforeAll(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
beforeEach(() => {
  Object.assign(machine, { spread: 1, others: 0 });
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** Two cores; each job takes the next of `times`, and others have a share of all. */
function clocks(times: readonly number[], others: number): Clocks {
  let [asked, now] = [-1, 0];
  return {
    now() {
      if (asked >= 0) now += times[asked % times.length]!;
      asked++;
      return now;
    },
    own: () => now,
    all: () => ({ busy: now + 2 * others * now, cores: 2 }),
  };
}

test('an even and free machine is quiet', () => {
  const quiet = calibrate(clocks([4], 0));
  expect(quiet).toEqual({ spread: 1, others: 0 });
  expect(isBusy([quiet, quiet])).toBe(false);
  expect(isBusy([])).toBe(false);
});

test('a machine whose job sometimes takes longer, or whose cores others use, is busy', () => {
  const uneven = calibrate(clocks([4, 4, 4, 6], 0));
  expect(uneven.spread).toBe(1.5);
  const shared = calibrate(clocks([4], 0.5));
  expect(shared).toEqual({ spread: 1, others: expect.closeTo(0.5) });
  const quiet = calibrate(clocks([4], 0.05));
  expect([[uneven], [shared], [quiet, shared], [quiet]].map(isBusy)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('a run on a busy machine reports it, and so does its record', async () => {
  const record = async (during: () => void) => {
    const bench = { name: 'one', about: 'a', run: async () => void during() };
    await runBenches([bench], ['one'], { options: { out: folder } });
    return JSON.parse(readFileSync(join(folder, 'one.json'), 'utf8'));
  };
  const quiet = await record(() => {});
  expect(quiet.made).toMatchObject({ busy: false, calibrations: [machine, machine] });
  expect(quiet.made.commit).toBe(checkoutOf()?.commit);
  expect(quiet.notes).toEqual([]);
  const busy = await record(() => Object.assign(machine, { others: 0.4 }));
  expect(busy.made).toMatchObject({ busy: true, calibrations: [{ others: 0 }, { others: 0.4 }] });
  expect(busy.notes).toEqual([BUSY]);
  expect(console.log).toHaveBeenCalledWith(`  ${BUSY}`);
});
