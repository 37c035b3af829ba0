import type { Blocklist } from '../../blocklist/blocklist.js';
import { differingBits, type Hash, isDigest } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import { type MatchRules, match } from '../../matching/match.js';
import { typeOf } from '../../packed-words.js';
import { policyUnder, widestOf } from '../../policy.js';
import { matchVideo } from '../../video/video.js';
import type { Schema } from '../http/json-schema.js';
import {
  type Call,
  type QueryOf,
  Refusal,
  type Route,
  repliesOf,
  routeOf,
  withPut,
} from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { missingFrames } from './hash.js';
import { type HmaHit, type HmaLists, hitsOf, rawHitsOf } from './hits.js';
import { type HmaHasher, hasNoFrames } from './picture.js';
import { hmaJson, notHashed } from './reply.js';
import { BANKS_OF_MATCHES, BARE_MESSAGE, FORM, MATCH, MESSAGE, PLAIN_PDQ, TEXT } from './schema.js';
import { framesOfSignal, hashOfSignal, kindOfSignal, signalType } from './signals.js';
import { compareFrames } from './videos.js';

const SIGNAL = { signal: TEXT, signal_type: TEXT };
const BANKS = { banks: TEXT };
/** HMA's options of random dropping: accepted, without effect. */
const CHANCES = { seed: TEXT, bypass_coinflip: TEXT };
const BY_TYPE: Schema = {
  type: 'object',
  properties: { pdq: BANKS_OF_MATCHES, video_md5: BANKS_OF_MATCHES, vpdq: BANKS_OF_MATCHES },
};

/**
 * `/m/…`: look-ups of hashes and pictures.
 *
 * A lookup returns the hits that a decision calls matches, since its callers act on them and have
 * no word for review. Its header `onlyhashes-verdict` is `match`, or `review` if there are only
 * hits for review. For a picture it is the verdict of a full decision, including `none`. A lookup
 * by hash searches only the match distance, and so has no header without a hit. Of more than a
 * thousand matches, it returns the nearest 1,000 and the nearest of every bank, as a decision does.
 * A raw lookup returns all hits within the match distance of their list, including those for review
 * and allowed ones. It has the same bound, and its header `onlyhashes-omitted` states how many more
 * there may be. HMA has no bound. Neither finds disabled banks or content; HMA's raw lookup does.
 *
 * A hash is looked up unchanged, as plain PDQ. HMA's two calls, `/h/hash` and then `/m/lookup`,
 * find no more than that. Only sending the picture itself searches its variants. So it is with a
 * video: its signal has one frame a second, and the video itself has all, and its variants.
 *
 * HMA drops some matches of a bank at random, by its `enabled_ratio`. Nothing is dropped here: a
 * bank of any ratio above 0 is on. So `seed` and `bypass_coinflip` have no effect.
 * @param includesReviews if true, lookups also return hits for review
 */
export function hmaMatchRoutes(
  { list, rules }: ServiceParts,
  hasher: HmaHasher,
  includesReviews: boolean,
): Route[] {
  const searched = (): HmaLists => ({ blocklist: list(), policy: rules().policy ?? {} });
  const shownTo = (call: Call, decision: Decision) => {
    call.note({ verdict: decision.verdict });
    const hits = hitsOf(searched(), decision, banksIn(call));
    return hits.filter(({ isMatch }) => isMatch || includesReviews);
  };
  const bySignal = async (call: Call) =>
    await decisionBy(call.query, { list: list(), rules: rules(), call });
  const headersOf = ({ verdict }: Decision, isWhole: boolean) =>
    isWhole || verdict !== 'none' ? { 'onlyhashes-verdict': verdict } : {};
  const lookUpPicture = async (call: Call, type: string | undefined) => {
    const blocklist = list();
    const options = { ...rules(), signal: call.signal };
    return await hasher.picture(call, async (picture) => {
      const { types } = picture;
      const isVideo = types.includes('vpdq');
      const decision =
        types.includes('pdq') || isVideo
          ? await call.countSearches(blocklist, (counted) =>
              hasher.check(picture, counted, options),
            )
          : await decisionAbout((await hasher.video(picture, call.signal)).entries[0]!.hash, {
              ...{ list: blocklist, rules: rules(), call },
            });
      const { verdict, reason } = decision;
      const isAnswered = types.length > 1 && hasNoFrames(reason);
      if (verdict === 'unhashable' && !isAnswered) throw notHashed(reason);
      const hits = shownTo(call, decision);
      const isFile = ({ entry }: HmaHit) => entry.hash.algorithm === 'md5';
      const byType: Record<string, object> = {};
      for (const one of types) {
        // A listed digest decides, and a file without frames has none to search.
        const isUnseen = verdict === 'unhashable' || reason === 'matched-digest';
        if (one === 'vpdq' && isUnseen) continue;
        byType[one] = banksOf(
          isVideo ? hits.filter((hit) => isFile(hit) === (one === 'video_md5')) : hits,
        );
      }
      const missing = verdict === 'unhashable' ? missingFrames(reason) : {};
      const headers = { ...headersOf(decision, true), ...missing };
      return hmaJson(type === undefined ? byType : (byType[type] ?? {}), 200, headers);
    });
  };

  return [
    routeOf({
      method: 'GET',
      path: '/m/lookup',
      role: 'match',
      about: `Banks that list a hash, or the picture at a URL. ${PLAIN_PDQ}`,
      query: {
        ...{ ...SIGNAL, url: TEXT, content_type: TEXT, types: TEXT },
        ...{ ...BANKS, ...CHANCES },
      },
      replies: {
        200: { anyOf: [BANKS_OF_MATCHES, BY_TYPE] },
        400: MESSAGE,
        ...repliesOf(BARE_MESSAGE, 403, 413, 415, 422, 501, 502, 503),
      },
      isAnswer: true,
      async answer(call) {
        const { url, signal_type: type } = call.query;
        if (url) {
          return await lookUpPicture(call, type && signalType(type));
        }
        const decision = await bySignal(call);
        return hmaJson(banksOf(shownTo(call, decision)), 200, headersOf(decision, false));
      },
    }),
    ...withPut({
      method: 'POST',
      path: '/m/lookup',
      role: 'match',
      about:
        'Banks that list a picture, sent as the file `photo` of a form or by PUT, or any of its variants; or a `video` by its MD5 and its frames.',
      query: { types: TEXT, ...BANKS, ...CHANCES },
      media: FORM,
      replies: { 200: BY_TYPE, 400: MESSAGE, ...repliesOf(BARE_MESSAGE, 413, 415, 422, 503) },
      isAnswer: true,
      answer: async (call) => await lookUpPicture(call, undefined),
    }),
    routeOf({
      method: 'GET',
      path: '/m/raw_lookup',
      role: 'match',
      about:
        'Content near a hash, whatever the decision about it would be. Of more than 1,000 results, ' +
        'these are the nearest, and the nearest of every bank; the header `onlyhashes-omitted` then ' +
        `has an upper bound on the number of others, in all banks. ${PLAIN_PDQ}`,
      query: {
        signal: { ...TEXT, required: true },
        signal_type: { ...TEXT, required: true },
        ...BANKS,
        include_distance: TEXT,
      },
      replies: {
        200: {
          type: 'object',
          properties: {
            matches: { type: 'array', items: { anyOf: [{ type: 'integer' }, MATCH] } },
          },
          required: ['matches'],
        },
        ...repliesOf(MESSAGE, 400, 503),
      },
      isAnswer: true,
      async answer(call) {
        const isLong = call.query.include_distance?.toLowerCase() === 'true';
        const decision = await bySignal(call);
        call.note({ verdict: decision.verdict });
        const { hits, omitted } = rawHitsOf(searched(), decision, banksIn(call));
        const matches = isLong ? hits.map(matchOf) : hits.map(({ number }) => number);
        const more = omitted > 0 ? { 'onlyhashes-omitted': String(omitted) } : {};
        return hmaJson({ matches }, 200, more);
      },
    }),
    routeOf({
      method: 'POST',
      path: '/m/compare',
      role: 'match',
      about: 'Distance of two hashes, and whether they match.',
      body: {
        type: 'object',
        additionalProperties: { type: 'array', items: TEXT, minItems: 2, maxItems: 2 },
      },
      replies: { 200: COMPARED, ...repliesOf(MESSAGE, 400) },
      async answer(_call, pairs) {
        const compared: Record<string, unknown> = {};
        for (const [type, [a, b]] of Object.entries(pairs)) {
          const name = signalType(type);
          if (name === 'vpdq') {
            compared[type] = compareFrames(await framesOfSignal(a!), await framesOfSignal(b!));
            continue;
          }
          const { algorithm, bits } = kindOfSignal(name);
          const distance = differingBits(hashOfSignal(name, a!), hashOfSignal(name, b!));
          const { matchDistance } = policyUnder(searched().policy, algorithm, bits);
          const isMatch = distance <= matchDistance;
          compared[type] = [isMatch, isDigest(algorithm) ? {} : { distance }];
        }
        return hmaJson(compared);
      },
    }),
  ];
}

const WHETHER: Schema = {
  type: 'array',
  items: { anyOf: [{ type: 'boolean' }, { type: 'object' }] },
};
const COMPARED: Schema = {
  type: 'object',
  properties: { pdq: WHETHER, video_md5: WHETHER, vpdq: WHETHER },
};

const percent = (share: number) => `${Math.round(100 * share)}%`;

const matchOf = ({ number, distance, entry, video }: HmaHit) => ({
  bank_content_id: number,
  distance: video
    ? `${percent(video.queryShare)}[${percent(video.listShare)}]`
    : isDigest(entry.hash.algorithm)
      ? '-'
      : String(distance),
});

function banksOf(hits: readonly HmaHit[]): Record<string, object[]> {
  const banks = new Map<string, object[]>();
  for (const hit of hits) {
    const known = banks.get(hit.bank);
    if (known) known.push(matchOf(hit));
    else banks.set(hit.bank, [matchOf(hit)]);
  }
  return Object.fromEntries(banks);
}

/** The request of a decision. */
interface Asked {
  readonly list: Blocklist;
  readonly rules: MatchRules;
  readonly call: Call;
}

/**
 * The decision about the signal of a query. Each frame of a video counts as an answer.
 * @throws {Refusal} if the query has no valid signal
 */
async function decisionBy(
  { signal = '', signal_type: type }: QueryOf<typeof SIGNAL>,
  asked: Asked,
): Promise<Decision> {
  if (!type) throw new Refusal('bad-request', 'expected signal_type');
  const name = signalType(type);
  if (name !== 'vpdq') return await decisionAbout(hashOfSignal(name, signal), asked);
  const frames = await framesOfSignal(signal);
  if (frames.length > 1) asked.call.countAnswers(frames.length - 1);
  const last = frames.reduce((most, { seconds }) => Math.max(most, seconds), 0);
  const seconds = frames.length > 1 ? (last * frames.length) / (frames.length - 1) : 0;
  const { policy, allowList, floodGuard } = asked.rules;
  return matchVideo({ frames, seconds, width: 0, height: 0 }, asked.list, {
    ...{ policy, allowList, floodGuard },
  });
}

/**
 * Decision within the widest match distance of any list. Entries beyond it would be for review,
 * which these lookups do not report. In a million entries this takes 18 us; searching for reviews
 * takes 150.
 */
async function decisionAbout(hash: Hash, { list, rules, call }: Asked): Promise<Decision> {
  const kind = typeOf(hash);
  const { lists } = list.state;
  const { counts } = list.state.of(kind);
  const { matchDistance } = widestOf((name) => lists.of(name), rules.policy ?? {}, kind, counts);
  const distance = Math.max(0, matchDistance);
  const { signal } = call;
  return await match({ hash, variants: [] }, list, { ...rules, all: true, distance, signal });
}

function banksIn({ query }: Call): readonly string[] | undefined {
  const { banks } = query as QueryOf<typeof BANKS>;
  return banks ? banks.split(',') : undefined;
}
