import { afterEach, describe, expect, test } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import { match } from '../../src/matching/match.js';
import { reviewFactsOf } from '../../src/review/review-record.js';
import { stopNciiFeedbackOf } from '../../src/review/reviewed-feedback.js';
import type { ListClient } from '../../src/services/list-update.js';
import { openStore } from '../../src/store/sql/open-store.js';
import type { Store } from '../../src/store/store.js';
import { entriesOfVideo, matchVideo } from '../../src/video/video.js';
import { scene, video } from '../video/films.js';
import { describeEngines } from './engines.js';

const film = scene(1, 12);
const other = scene(2, 12);
/** Both have the same frame, and the first has it twice. */
const shared = scene(9, 1)[0]!;
const listedFilm = [...film.slice(0, 300), ...Array.from({ length: 60 }, () => shared)];
const listedOther = [...other.slice(0, 330), ...Array.from({ length: 30 }, () => shared)];
const ofFilm = entriesOfVideo(video(listedFilm, 30), { id: 'film', source: 'S', labels: ['x'] });
const ofOther = entriesOfVideo(video(listedOther, 30), { labels: ['y'] });
const noNames = entriesOfVideo(video(listedFilm, 30));
const file = (group: string): BlocklistEntry => ({
  hash: { algorithm: 'md5', bytes: new Uint8Array(16).fill(7) },
  ...{ labels: [], group: group.slice(0, 32) },
});

const clientOf = (entries: readonly BlocklistEntry[]): ListClient<number> => ({
  async *fetchUpdates() {
    const state = 'active' as const;
    const updates = [{ key: 'video', source: 'fake', state, signals: [], entries }];
    yield { updates, isDrained: true, isFromStart: true, unknown: [], checkpoint: 1 };
  },
  mustRestart: () => false,
});

describeEngines((running) => {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const opened = async () => {
    const store = await openStore(await running.newPlace());
    stores.push(store);
    const follower = await store.follow();
    /** The videos that a copy of the film shows, which begins half a second later. */
    const found = async () => {
      await follower.reached(await store.revision());
      const { videos = [] } = matchVideo(video(film.slice(15)), follower.blocklist);
      return videos.map(({ id, list, group }) => ({ id, list, group }));
    };
    return { store, follower, found };
  };
  const [{ group }] = ofFilm as [BlocklistEntry];
  const FOUND = { id: 'film', list: undefined, group };

  test('is followed with the seconds of its frames, and a copy of it is found', async () => {
    const { store, follower, found } = await opened();
    expect((await store.apply({ add: [...ofFilm, ...ofOther] })).added).toBe(24);
    expect(await found()).toEqual([FOUND]);
    const entries = [...follower.blocklist.entries()];
    expect(entries.filter(({ id }) => id === 'film')).toEqual(ofFilm);
    expect((await store.apply({ add: ofFilm })).added).toBe(0);
    expect(await store.verify()).toEqual([]);
    await store.renameList('', 'films');
    expect(await found()).toEqual([{ ...FOUND, list: 'films' }]);
    expect(await store.verify()).toEqual([]);
  });

  test('keeps a frame that another video of the list has, and one that it has twice', async () => {
    const { store } = await opened();
    const { numbers } = await store.apply({ add: [...noNames, ...ofOther] });
    expect(new Set(numbers).size).toBe(24);
    expect((await store.find({ group: noNames[0]!.group! })).length).toBe(12);
    expect((await store.find({ hash: shared })).length).toBe(3);
    for (const wrong of ['', 'abc', 'XY', '0'.repeat(66)]) {
      await expect(store.find({ group: wrong })).rejects.toThrow(RangeError);
    }
  });

  test('goes with the hash of one frame, and is rejected afterwards', async () => {
    const { store, found } = await opened();
    await store.apply({ add: [...ofFilm, ...ofOther] });
    const { removed } = await store.apply({ withdraw: [ofFilm[4]!.hash] });
    expect(removed).toBe(12);
    expect(await found()).toEqual([]);
    expect((await store.apply({ add: ofFilm })).rejected.withdrawn).toBe(12);
    expect((await store.find({})).length).toBe(12);
    await store.apply({ reinstate: [ofFilm[4]!.hash] });
    await store.apply({ add: ofFilm });
    expect(await found()).toEqual([FOUND]);
  });

  test('is paused, resumed and removed by the number of any frame, with its file', async () => {
    const { store, follower, found } = await opened();
    const all = [file(noNames[0]!.group!), ...noNames];
    const { numbers } = await store.apply({ add: [...all, ...ofFilm, ...ofOther] });
    const one = numbers[5]!;
    const paused = await store.pause(one, 'for-good');
    expect(paused.found).toBe(true);
    expect(await store.pause(one, 'for-good')).toEqual(paused);
    expect((await store.count({ paused: true })).entries).toBe(13);
    await follower.reached(await store.revision());
    expect(follower.blocklist.has(all[0]!.hash)).toBe(false);
    expect(await found()).toEqual([FOUND]);
    await store.pause(numbers[0]!, undefined);
    expect((await store.count({ paused: true })).entries).toBe(0);
    expect((await store.apply({ remove: [one] })).removed).toBe(13);
    expect((await store.apply({ remove: numbers.slice(0, 13) })).removed).toBe(0);
    expect((await store.find({})).length).toBe(24);
    expect((await store.apply({ remove: [numbers[14]!] })).removed).toBe(12);
    expect(await found()).toEqual([]);
    expect(await store.pause(one, undefined)).toMatchObject({ found: false });
  });

  test('is fetched from a service', async () => {
    const { store, found } = await opened();
    await store.fetch('theirs', clientOf(ofFilm.map((one) => ({ ...one, source: 'fake' }))));
    expect(await found()).toEqual([{ ...FOUND, list: 'theirs' }]);
    await store.fetch('theirs', clientOf([]));
    expect(await found()).toEqual([]);
  });

  describe('a decision about it', () => {
    const rules = { retentionDays: 30 };
    test('is logged by its nearest frames, and feedback names the entry once', async () => {
      const { store, follower, found } = await opened();
      await store.apply({ add: ofFilm });
      expect(await found()).toEqual([FOUND]);
      const decision = matchVideo(video(film.slice(15)), follower.blocklist);
      const queue = store.reviewQueue({
        ...rules,
        feedbackOf: ({ entry, outcome }) => [{ to: 's', entry: entry!.id!, body: outcome! }],
      });
      await queue.put({ id: 'u1', decision });
      const decided = await queue.decide('u1', { outcome: 'confirmed', role: 'moderator' });
      expect(decided).toMatchObject({ records: 5, feedback: 1 });
      const records = [];
      for await (const record of store.reviewLog(rules).read()) records.push(record);
      expect(records).toHaveLength(5);
      for (const record of records) {
        expect(record).toMatchObject({
          ...{ verdict: 'match', reason: 'matched-video', outcome: 'confirmed' },
          entry: { id: 'film', source: 'S' },
        });
      }
    });

    test('by one frame gives feedback about that frame', async () => {
      const { store, follower } = await opened();
      await store.apply({ add: ofFilm.map((one) => ({ ...one, source: 'StopNCII' })) });
      await follower.reached(await store.revision());
      const { hash } = ofFilm[3]!;
      const decision = match([{ name: 'original', hash, quality: 100 }], follower.blocklist);
      expect([decision.verdict, decision.reason]).toEqual(['review', 'video-frame']);
      const [facts] = reviewFactsOf(decision);
      const feedback = stopNciiFeedbackOf({})({
        ...facts!,
        outcome: 'confirmed',
        role: 'moderator',
      });
      expect(feedback).toMatchObject([{ to: 'StopNCII' }]);
      expect(JSON.stringify(feedback)).toContain(facts!.entry!.hash);
    });
  });
});
