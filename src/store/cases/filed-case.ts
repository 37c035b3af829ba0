import type { Bundle } from '../../bundle/bundle-shape.js';
import { digestOf } from '../stored-entry.js';

/**
 * State of a case.
 * - `received`: it waits for the desk
 * - `looked-at`: the desk is looking into it, or one of two people has confirmed it
 * - `listed`: confirmed; its hashes are on the list
 * - `refused`: the desk gave a reason
 * - `withdrawn`: its person took it back
 * - `dropped`: it was not confirmed in time; it can be sent again
 */
export type CaseOutcome = 'received' | 'looked-at' | 'listed' | 'refused' | 'withdrawn' | 'dropped';

/** Reason why a number of a confirmed case is not on the list. */
export type LeftOut = 'unknown-algorithm' | 'too-plain' | 'withdrawn';

/** Counts of the numbers of a confirmed case. */
export interface CaseListing {
  readonly of: number;
  readonly listed: number;
  readonly left: readonly { readonly why: LeftOut; readonly count: number }[];
}

/** Receipt of a case, for the person who sent it. */
export interface CaseReceipt {
  /** 32 hex digits */
  readonly case: string;
  /** YYYY-MM-DD, in UTC */
  readonly day: string;
  /** hashes of pictures */
  readonly hashes: number;
  /** digests of files */
  readonly digests: number;
}

/** A platform's reports of blocked uploads, in steps that seldom reveal one. */
export interface CaseReports {
  readonly platform: string;
  /** 5, 10, 15 …: fewer are not reported */
  readonly atLeast: number;
}

/** State of a case, for its person. */
export interface CaseState extends CaseReceipt {
  readonly state: CaseOutcome;
  /** if listed */
  readonly listing?: CaseListing;
  /** if refused: the words of the desk */
  readonly reason?: string;
  /** of the platforms that have reported, if listed */
  readonly reports?: readonly CaseReports[];
  /** the day before which reports are counted */
  readonly reportsUntil?: string;
}

/** Ways in which somebody of the desk has spoken with the person. */
export const SPOKEN_BY = ['call', 'mail', 'in-person'] as const;
export type SpokenBy = (typeof SPOKEN_BY)[number];

/** A confirmation. */
export interface Confirmation {
  readonly by: SpokenBy;
  readonly day: string;
  /** a digest of who confirmed: two people of one case have different ones */
  readonly who: string;
}

/** A case as the desk sees it. */
export interface FiledCase extends CaseReceipt {
  /** its name on the desk's pages */
  readonly number: number;
  readonly outcome: CaseOutcome;
  readonly confirmed: readonly Confirmation[];
  readonly listing: CaseListing | null;
  readonly reason: string | null;
  /** number of its changes: a new one names the one that it was made after */
  readonly times: number;
}

/** The columns of a `FiledCase`. */
export const FILED = `number, encode(case_number, 'hex') as "case", day, hashes, digests, outcome,
  confirmed, listing, reason, times`;

export const receiptOf = ({ case: id, day, hashes, digests }: CaseReceipt): CaseReceipt => ({
  case: id,
  day,
  hashes,
  digests,
});

/**
 * Equal for bundles of one case with the same hashes and digests, in any order. Only their files
 * have `state`, so no one without them can test which pictures it is of.
 */
export function contentsOf({ state, hashes, unknown = [], digests = [] }: Bundle): Uint8Array {
  const lines = [...hashes, ...unknown, ...digests].map((one) => JSON.stringify(one));
  return digestOf([state, ...lines.sort()]);
}
