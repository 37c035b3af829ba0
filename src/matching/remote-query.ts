import type { Withdrawals } from '../blocklist/list-state.js';
import { bitsOf, type Hash, isDegenerate } from '../hash.js';
import { nearestOf, type Policy, policyUnder, upTo } from '../policy.js';
import type { RemoteHit } from '../remote-matcher.js';
import type { HashedVariant } from '../variant.js';
import { PictureExceptions } from './allow-list.js';
import type { Rules } from './decide.js';
import { type Decision, type DecisionReason, decisionOf } from './decision.js';
import { isOwnConfirmed, limitOf } from './list-rules.js';
import type { RemoteList, RemoteOutcome } from './remote-list.js';
import type { RemoteMatch } from './remote-match.js';

/** A remote hit, and the reason for review; no reason if it is a match. */
interface Judged {
  readonly match: RemoteMatch;
  readonly list: string;
  /** 0 if unknown */
  readonly distance: number;
  readonly doubt: DecisionReason | undefined;
}

/** Remote lists that are queried for the main hash of one picture. */
export class RemoteQuery {
  readonly #lists: readonly RemoteList[];
  readonly #ending = new AbortController();
  #main: HashedVariant | undefined;
  #asked: Promise<void> | undefined;
  /** by list; undefined for one without hashes of this algorithm */
  #outcomes: (RemoteOutcome | undefined)[] | undefined;

  constructor(lists: readonly RemoteList[]) {
    this.#lists = lists;
  }

  /** True if all were queried, and answered or timed out. */
  get isOver(): boolean {
    return this.#outcomes !== undefined;
  }

  /**
   * Queries all lists, on the first call.
   * @returns settles when `isOver`
   */
  ask(main: HashedVariant): Promise<void> {
    this.#main ??= main;
    if (!this.#asked) {
      this.#asked = this.#ask(main.hash);
      // The caller may not await it.
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

  /** The answers are no longer awaited. */
  end(): void {
    this.#ending.abort();
  }

  /**
   * A decision that includes the remote answers. A local match stays a match. Otherwise the
   * strongest outcome counts: a remote match, then a local or remote review, then a missing answer.
   * @param here the decision by the local lists
   * @param own the local rules; no local list changes the policy of a remote one
   * @param withdrawn the local withdrawals
   */
  joinedTo(here: Decision, own: Rules, withdrawn: Withdrawals): Decision {
    const main = this.#main;
    if (!main || !this.#outcomes) return here;
    const exceptions = own.allowList && new PictureExceptions(own.allowList);
    exceptions?.turnTo(main.hash);
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
          // An unknown distance counts as near enough.
          if ((hit.distance ?? 0) > (own.distance ?? 256)) continue;
          if (isWithdrawn(withdrawn, hit, list.name)) continue;
          if (hit.hash && isDegenerate(hit.hash)) continue;
          judged.push(judge(hit, list, { main, policy, exceptions, own }));
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
    const joined = {
      ...here,
      remoteMatches: given.map(({ match }) => match),
      unanswered: silent.map(({ name }) => name),
      ...(omitted > 0 && { omitted }),
    };
    const first = judged.find(({ match }) => match.allowed === undefined);
    if (here.verdict === 'match') return decisionOf(joined);
    if (first && !first.doubt) {
      return decisionOf({ ...joined, policy, verdict: 'match', reason: 'matched-remote' });
    }
    if (here.verdict !== 'none') return decisionOf(joined);
    if (first?.doubt) {
      return decisionOf({ ...joined, policy, verdict: 'review', reason: first.doubt });
    }
    if (silent.length > 0) {
      const isRefused = silent.some(({ whenUnanswered }) => whenUnanswered === 'unhashable');
      const verdict = isRefused ? 'unhashable' : 'review';
      return decisionOf({ ...joined, verdict, reason: 'unanswered' });
    }
    if (judged.length > 0) return decisionOf({ ...joined, reason: 'allowed' });
    const isNewlyCompared = isCompared && here.reason === 'nothing-comparable';
    return decisionOf({ ...joined, ...(isNewlyCompared && { reason: 'nothing-near' }) });
  }
}

interface Circumstances {
  readonly main: HashedVariant;
  readonly policy: Policy;
  readonly exceptions: PictureExceptions | undefined;
  readonly own: Rules;
}

/** True if a withdrawal covers this hit. A source may be the list, or the service's name for it. */
const isWithdrawn = (withdrawn: Withdrawals, hit: RemoteHit, list: string): boolean =>
  [hit.source ?? list, list].some((source) => withdrawn.cover({ ...hit, source, list }));

function judge(hit: RemoteHit, list: RemoteList, { main, policy, exceptions, own }: Circumstances) {
  const { tier, trust, name } = list;
  const isOwn = isOwnConfirmed(hit, trust);
  const allowed = isOwn ? undefined : exceptions?.reasonFor(hit.hash, false);
  let doubt: DecisionReason | undefined;
  // An unknown distance counts as within the match distance.
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
