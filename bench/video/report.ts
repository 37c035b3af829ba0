import { upperBound } from '../robustness/report/metrics.js';
import type { CopyResult } from './copies-program.js';
import { OTHERS, type OtherRule } from './decide.js';
import { EDITS } from './edits.js';

/** Shares of the copies of one edit that are found. */
export interface EditRow extends Readonly<Record<OtherRule, number>> {
  readonly edit: string;
  readonly copies: number;
  readonly match: number;
  /** those for review counted, too */
  readonly 'or review': number;
}

/** Rows of results, by whatever names them, in the order in which they come. */
export function rowsBy(
  results: readonly CopyResult[],
  nameOf: (result: CopyResult) => string,
): EditRow[] {
  const groups = new Map<string, CopyResult[]>();
  for (const result of results) {
    const name = nameOf(result);
    groups.set(name, [...(groups.get(name) ?? []), result]);
  }
  return [...groups].map(([edit, of]) => {
    const share = (is: (result: CopyResult) => boolean) => of.filter(is).length / of.length;
    const [vpdq, python] = OTHERS.map((rule) => share(({ others }) => others[rule]));
    return {
      ...{ edit, copies: of.length },
      match: share(({ verdict }) => verdict === 'match'),
      'or review': share(({ verdict }) => verdict !== 'none'),
      ...{ vpdq: vpdq!, 'python-threatexchange': python! },
    };
  });
}

/** Rows by edit, in the order of the edits. */
export function rowsByEdit(results: readonly CopyResult[]): EditRow[] {
  const place = new Map(EDITS.map(({ name }, at) => [name, at]));
  const rows = rowsBy(results, ({ edit }) => edit);
  return rows.sort((a, b) => (place.get(a.edit) ?? 0) - (place.get(b.edit) ?? 0));
}

/** Shares as whole percents, for a table. */
export const inPercent = (row: EditRow): Record<string, string | number> => {
  const { edit, copies, ...shares } = row;
  const percents = Object.entries(shares).map(([name, share]) => [name, Math.round(100 * share)]);
  return { edit, copies, ...Object.fromEntries(percents) };
};

/** Wrong matches among pairs. */
export interface WrongPairs {
  readonly pairs: number;
  readonly matches: number;
  readonly reviews: number;
  /** upper end of the 95 % interval of matches per million, were the pairs independent */
  readonly perMillionAtMost: number;
}

const wrongOf = (pairs: number, matches: number, reviews: number): WrongPairs => ({
  ...{ pairs, matches, reviews },
  perMillionAtMost: pairs === 0 ? 1e6 : Math.min(1e6, (1e6 * upperBound(matches)) / pairs),
});

/** Pairs of a copy and an unrelated listed clip, and of a clip, with all its copies, and such one. */
export function wrongPairs(results: readonly CopyResult[]) {
  const sum = (of: (result: CopyResult) => number) =>
    results.reduce((all, result) => all + of(result), 0);
  const clips = new Map<string, CopyResult[]>();
  for (const result of results) clips.set(result.clip, [...(clips.get(result.clip) ?? []), result]);
  const distinct = (of: (result: CopyResult) => readonly string[]) =>
    [...clips.values()].reduce((all, own) => all + new Set(own.flatMap(of)).size, 0);
  const pairs = [...clips.values()].reduce((all, [first]) => all + first!.unrelated, 0);
  const pairsOfOthers = (rule: OtherRule) => sum(({ wrongOthers }) => wrongOthers[rule]);
  return {
    copies: wrongOf(
      sum(({ unrelated }) => unrelated),
      sum(({ wrong }) => wrong.length),
      sum(({ wrongReviews }) => wrongReviews.length),
    ),
    clips: wrongOf(
      pairs,
      distinct(({ wrong }) => wrong),
      distinct(({ wrongReviews }) => wrongReviews),
    ),
    others: Object.fromEntries(OTHERS.map((rule) => [rule, pairsOfOthers(rule)])),
    named: results.flatMap(({ clip, edit, wrong }) =>
      wrong.map((other) => ({ clip, edit, other })),
    ),
  };
}
