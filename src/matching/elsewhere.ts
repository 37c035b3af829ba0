import type { Withdrawals } from '../blocklist/list-state.js';
import { bitsOf, type Hash, isDegenerate } from '../hash.js';
import { nearestOf, type Policy, policyUnder, upTo } from '../policy.js';
import type { RemoteHit } from '../remote-matcher.js';
import type { HashedVariant } from '../variant.js';
import { PictureAllowances } from './allow-list.js';
import { isOwnConfirmed, limitOf, type Rules } from './decide.js';
import { type Decision, type DecisionReason, decisionOf } from './decision.js';
import type { RemoteList, RemoteOutcome } from './remote-list.js';
import type { RemoteMatch } from './remote-match.js';

/** A hit elsewhere, and why it is for review; no reason if it is a match. */
interface Judged {
  readonly match: RemoteMatch;
  readonly list: string;
  /** 0 if it is not told */
  readonly distance: number;
  readonly doubt: DecisionReason | undefined;
}

/** Remote lists that are asked about the main hash of one picture. */
export class Elsewhere {
  readonly #lists: readonly RemoteList[];
  readonly #ending = new AbortController();
  #main: HashedVariant | undefined;
  #asked: Promise<void> | undefined;
  /** of the lists; undefined for one that lists no hashes of this algorithm */
  #outcomes: (RemoteOutcome | undefined)[] | undefined;

  constructor(lists: readonly RemoteList[]) {
    this.#lists = lists;
  }

  /** Whether all were asked, and answered or let their time pass. */
  get isOver(): boolean {
    return this.#outcomes !== undefined;
  }

  /**
   * Asks all lists, the first time that it is called.
   * @returns settles when `isOver`
   */
  ask(main: HashedVariant): Promise<void> {
    this.#main ??= main;
    if (!this.#asked) {
      this.#asked = this.#ask(main.hash);
      // Perhaps nobody waits for it.
      this.#asked.catch(() => {});
    }
    return this.#asked;
  }

  async #ask(hash: Hash): Promise<void> {
    const { signal } = this.#ending;
    this.#outcomes = await Promise.all(
      this.#lists.map((list) =>
        list.algorithms.includes(hash.algorithm) ? list.ask(hash, { signal }) : undefined,
      ),
    );
  }

  /** Nobody waits any more. */
  end(): void {
    this.#ending.abort();
  }

  /**
   * A decision with what was answered elsewhere. A match here stays one. Else the strongest word
   * counts: a match elsewhere, then a review here or there, then that a list did not answer.
   * @param here the decision by the lists that were searched here
   * @param own the rules here; no list here changes the policy for one elsewhere
   * @param withdrawn what was withdrawn here
   */
  joinedTo(here: Decision, own: Rules, withdrawn: Withdrawals): Decision {
    const main = this.#main;
    if (!main || !this.#outcomes) return here;
    const allowances = own.allowList && new PictureAllowances(own.allowList);
    allowances?.turnTo(main.hash);
    const general = policyUnder(own.policy, main.hash.algorithm, bitsOf(main.hash));
    const policy = upTo(general, own.distance);
    const judged: Judged[] = [];
    const silent: RemoteList[] = [];
    let isCompared = false;
    for (const [at, outcome] of this.#outcomes.entries()) {
      const list = this.#lists[at]!;
      if (outcome === 'unanswered') silent.push(list);
      else if (outcome !== undefined) {
        isCompared = true;
        for (const hit of outcome) {
          // What is not told is taken to be near enough.
          if ((hit.distance ?? 0) > (own.distance ?? 256)) continue;
          if (isWithdrawn(withdrawn, hit, list.name)) continue;
          if (hit.hash && isDegenerate(hit.hash)) continue;
          judged.push(judge(hit, list, { main, policy, allowances, own }));
        }
      }
    }
    // Stable: at equal rank and distance, lists and hits keep their order.
    judged.sort((a, b) => rank(a) - rank(b) || a.distance - b.distance);
    const given = [0, 1, 2].flatMap((each) =>
      nearestOf(
        judged.filter((one) => rank(one) === each),
        (a, b) => a.distance - b.distance,
      ),
    );
    const omitted = (here.omitted ?? 0) + judged.length - given.length;
    const told = {
      ...here,
      elsewhere: given.map(({ match }) => match),
      unanswered: silent.map(({ name }) => name),
      ...(omitted > 0 && { omitted }),
    };
    const first = judged.find(({ match }) => match.allowed === undefined);
    if (here.verdict === 'match') return decisionOf(told);
    if (first && !first.doubt) {
      return decisionOf({ ...told, policy, verdict: 'match', reason: 'matched-elsewhere' });
    }
    if (here.verdict !== 'none') return decisionOf(told);
    if (first?.doubt) {
      return decisionOf({ ...told, policy, verdict: 'review', reason: first.doubt });
    }
    if (silent.length > 0) {
      const isRefused = silent.some(({ whenUnanswered }) => whenUnanswered === 'unhashable');
      const verdict = isRefused ? 'unhashable' : 'review';
      return decisionOf({ ...told, verdict, reason: 'unanswered' });
    }
    if (judged.length > 0) return decisionOf({ ...told, reason: 'allowed' });
    const isNewlyCompared = isCompared && here.reason === 'nothing-comparable';
    return decisionOf({ ...told, ...(isNewlyCompared && { reason: 'nothing-near' }) });
  }
}

interface Circumstances {
  readonly main: HashedVariant;
  readonly policy: Policy;
  readonly allowances: PictureAllowances | undefined;
  readonly own: Rules;
}

/** Whoever withdraws by source may mean the list or what the service calls it. */
const isWithdrawn = (withdrawn: Withdrawals, hit: RemoteHit, list: string): boolean =>
  [hit.source ?? list, list].some((source) => withdrawn.cover({ ...hit, source, list }));

function judge(hit: RemoteHit, list: RemoteList, { main, policy, allowances, own }: Circumstances) {
  const { tier, trust, name } = list;
  const isOwn = isOwnConfirmed(hit, trust);
  const allowed = isOwn ? undefined : allowances?.reasonFor(hit.hash, false);
  let doubt: DecisionReason | undefined;
  // What is not told is taken to be within the match distance.
  if ((hit.distance ?? 0) > policy.matchDistance) doubt = 'within-review-distance';
  else if (isDegenerate(main.hash)) doubt = 'low-query-quality';
  else if ((main.quality ?? 100) < policy.minQuality) doubt = 'low-query-quality';
  else doubt = limitOf(hit, { tier, trust });
  if (
    !doubt &&
    allowed === undefined &&
    !isOwn &&
    hit.hash &&
    own.isFlooded?.(hit.hash, main.hash)
  ) {
    doubt = 'flooded';
  }
  const match: RemoteMatch = {
    list: name,
    trust,
    tier: doubt ? 'review' : 'match',
    ...hit,
    labels: hit.labels ?? [],
    ...(allowed !== undefined && { allowed }),
  };
  return { match, list: name, distance: hit.distance ?? 0, doubt };
}

const rank = ({ match }: Judged) =>
  match.allowed !== undefined ? 2 : match.tier === 'match' ? 0 : 1;
