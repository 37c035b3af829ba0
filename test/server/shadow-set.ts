/**
 * What a service may answer, kept beside it without anything of the library: of all that was
 * changed, what it was, and from which revision on whoever answers has to know.
 */

/** How an entry near a hash is told: as a match, for review, as allowed, or not at all. */
export type Told = 'match' | 'review' | 'allowed' | 'absent';

/** One thing that changes, and whose changes wait for each other. */
export class History<Value> {
  readonly #values: { readonly value: Value; revision: number }[];

  constructor(first: Value) {
    this.#values = [{ value: first, revision: 0 }];
  }

  get latest(): Value {
    return this.#values.at(-1)!.value;
  }

  /**
   * Begins a change: from now on both may be answered.
   * @returns is to be called once it is acknowledged, with its revision or a later one
   */
  change(value: Value): (revision: number) => void {
    const begun = { value, revision: Number.POSITIVE_INFINITY };
    this.#values.push(begun);
    return (revision) => {
      begun.revision = revision;
    };
  }

  /** All that it may be for whoever has reached a revision. */
  since(revision: number): Value[] {
    let from = this.#values.length - 1;
    while (this.#values[from]!.revision > revision) from--;
    return this.#values.slice(from).map(({ value }) => value);
  }
}

/** An entry that comes and goes. */
export interface Subject {
  readonly hex: string;
  readonly list: string;
  readonly id?: string;
  /** whether it is listed, neither paused nor withdrawn */
  readonly isIn: History<boolean>;
}

/** A list whose settings change. */
export interface ShadowList {
  readonly enabled: History<boolean>;
  readonly tier: History<'match' | 'review'>;
}

/** What is asked about: a hash, and the subjects that lie within the review distance of it. */
export interface Query {
  readonly hex: string;
  readonly isAllowed: History<boolean>;
  readonly near: readonly { readonly subject: number; readonly distance: number }[];
}

/** What an answer says of a subject. */
export interface ToldSubject {
  readonly told: Told;
  readonly distance: number;
}

/** An answer that no order of the changes explains. */
export interface Wrong {
  readonly subject: number;
  readonly told: Told;
  readonly may: readonly Told[];
}

/** Up to here all is found; beyond, an entry may be for review. */
const MATCH_DISTANCE = 31;

export class ShadowSet {
  readonly subjects: readonly Subject[];
  readonly lists: ReadonlyMap<string, ShadowList>;

  constructor(subjects: readonly Subject[], lists: Iterable<string>) {
    this.subjects = subjects;
    this.lists = new Map(
      [...lists].map((name) => [name, { enabled: new History(true), tier: new History('match') }]),
    );
  }

  /** All that may be told of a subject near a query by whoever has reached a revision. */
  may(query: Query, { subject, distance }: Query['near'][number], revision: number): Told[] {
    const { isIn, list } = this.subjects[subject]!;
    const { enabled, tier } = this.lists.get(list)!;
    const all = new Set<Told>();
    const isFar = distance > MATCH_DISTANCE;
    // Beyond the match distance nothing has to be told.
    if (isFar) all.add('absent');
    for (const isThere of isIn.since(revision)) {
      for (const isOn of enabled.since(revision)) {
        for (const isAllowed of query.isAllowed.since(revision)) {
          for (const as of tier.since(revision)) {
            if (!isThere || !isOn) all.add('absent');
            else if (isAllowed) all.add('allowed');
            else all.add(isFar ? 'review' : as);
          }
        }
      }
    }
    return [...all];
  }

  /**
   * What is wrong with an answer, and whether what had to be told could only be as it is.
   * @param answer by the numbers of the subjects
   * @param as how the dialect tells what would be told
   */
  judge(
    query: Query,
    answer: ReadonlyMap<number, ToldSubject>,
    revision: number,
    as: (told: Told) => Told,
  ): { wrong: Wrong[]; isExact: boolean } {
    const wrong: Wrong[] = [];
    let isExact = true;
    const others = new Map(answer);
    for (const near of query.near) {
      const { subject, distance } = near;
      others.delete(subject);
      const may = [...new Set(this.may(query, near, revision).map(as))];
      if (may.length > 1 && distance <= MATCH_DISTANCE) isExact = false;
      const { told, distance: toldDistance } = answer.get(subject) ?? { told: 'absent', distance };
      if (!may.includes(told) || distance !== toldDistance) wrong.push({ subject, told, may });
    }
    for (const [subject, { told }] of others) wrong.push({ subject, told, may: ['absent'] });
    return { wrong, isExact };
  }
}
