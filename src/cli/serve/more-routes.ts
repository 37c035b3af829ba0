import { joinedPage } from '../../page/serve.js';
import {
  type CreateServiceOptions,
  ncmecFeedback,
  type Store,
  stopNciiFeedback,
} from '../../server/index.js';
import type { NcmecClient, StopNciiClient } from '../../services/index.js';
import { Failure, jsonIn } from '../failure.js';
import { wholeFile } from '../file-name.js';
import type { ListFeed } from '../list-feed.js';

type IntakeOptions = NonNullable<CreateServiceOptions['intake']>;
type Webhook = NonNullable<CreateServiceOptions['webhook']>;
type ServiceFeedback = ReturnType<typeof ncmecFeedback>;
type NcmecOptions = NonNullable<Parameters<typeof ncmecFeedback>[1]>;

/** The content of the file `--routes`. */
export interface MoreRoutes extends Pick<CreateServiceOptions, 'scan' | 'scanBlob'> {
  readonly webhook?: Pick<Webhook, 'outcomes' | 'tokenHashes' | 'publicKey'>;
  /** further options of `--intake` */
  readonly intake?: Omit<Partial<IntakeOptions>, 'caseDays' | 'notesKey' | 'page'>;
  /** options of the feedback to each service that gets some */
  readonly feedback?: {
    readonly stopncii?: Parameters<typeof stopNciiFeedback>[1];
    readonly ncmec?: NcmecOptions;
  };
}

/** Begins the ids of records that were decided elsewhere: the queue's own begin with `queue-`. */
const OUTSIDE = 'webhook-';
const MEMBERS = ['scan', 'webhook', 'feedback', 'scanBlob', 'intake'];
/** Further options of `--intake`; the others have options or a variable of their own. */
const OF_INTAKE = ['list', 'confirmations', 'proxy', 'casesPerHour', 'casesPerMinute'];
/** The list of confirmed cases, if the file names no other. */
export const CASES = 'cases';

/** @throws {Failure} if it cannot be read, or is something else. No message quotes it */
export async function readRoutes(path: string): Promise<MoreRoutes> {
  const settings = Object(jsonIn((await wholeFile(path)).toString())) as MoreRoutes;
  const names = Object.keys(settings);
  if (names.length === 0 || !names.every((name) => MEMBERS.includes(name))) {
    throw new Failure(`${path}: expected a JSON object: ${MEMBERS.join(', ')}`);
  }
  const { intake = {} } = settings;
  if (intake !== Object(intake) || !Object.keys(intake).every((name) => OF_INTAKE.includes(name))) {
    throw new Failure(`${path}: intake: expected ${OF_INTAKE.join(', ')}`);
  }
  const { stopncii, ncmec, ...others } = settings.feedback ?? {};
  const unused = () => Promise.reject(new Error());
  try {
    if (Object.keys(others).length > 0) throw new TypeError('expected stopncii, ncmec');
    stopncii && stopNciiFeedback({ submitFeedback: unused, findFeedback: unused }, stopncii);
    ncmec && ncmecFeedback({ sendFeedback: unused }, ncmec);
  } catch (error) {
    throw new Failure(`${path}: feedback: ${(error as Error).message}`);
  }
  return settings;
}

/** A webhook for the review queue of a store: a decision on an item is one on the pages too. */
export function webhookOf(
  settings: MoreRoutes['webhook'],
  store: Store,
  review: NonNullable<CreateServiceOptions['review']>,
): Webhook | undefined {
  if (!settings) return undefined;
  const queue = store.reviewQueue(review);
  const log = store.reviewLog({ retentionDays: review.retentionDays });
  return {
    ...settings,
    // The queue writes the records, and the feedback, together with the decision.
    log: { append: async () => {}, timeOf: (id) => log.timeOf(`${OUTSIDE}${id}`) },
    factsOf: async ({ id }) => (await queue.get(id))?.facts,
    async onDecision({ id, item, outcome, role, isRepeat }) {
      const { decided } = (await queue.get(item.id)) ?? {};
      const isLess = role === 'automation' && decided && decided.role !== role;
      // A program does not overrule a person.
      if (isRepeat || isLess) return;
      const insteadOf = decided?.times ?? 0;
      const recordsAs = `${OUTSIDE}${id}`;
      const { came } = await queue.decide(item.id, { outcome, role, insteadOf, recordsAs });
      // The sender tries again.
      if (came !== 'decided') throw new Failure('an item was decided at the same time');
    },
  };
}

/**
 * Days until the rows of removed entries are purged. Clients of StopNCII's API that have not
 * fetched for 30 days start again; the others have learned of the removal.
 */
const KEPT_DAYS = 31;
const DAY = 86_400_000;

/**
 * The intake of a store, and a function to call every hour, which drops cases that were not
 * confirmed in time and purges what was removed long ago.
 */
export function intakeOf(
  { intake = {} }: MoreRoutes,
  { store, caseDays, notesKey }: Pick<IntakeOptions, 'caseDays' | 'notesKey'> & { store: Store },
) {
  const { list = CASES, ...others } = intake;
  const options: IntakeOptions = { list, ...others, caseDays, notesKey, page: joinedPage() };
  let purged = Number.NEGATIVE_INFINITY;
  const prune = async () => {
    await store.cases({ list, caseDays }).prune();
    // Reads the whole table of entries.
    if (Date.now() - purged < DAY) return;
    await store.purge(new Date(Date.now() - KEPT_DAYS * DAY));
    purged = Date.now();
  };
  return { options, prune };
}

/** Feedback on decisions, to the services of the lists. */
export class Feedback {
  readonly #options: NonNullable<MoreRoutes['feedback']>;
  readonly #feeds: () => Promise<ListFeed[]>;
  #services: Readonly<Record<string, ServiceFeedback>> = {};

  constructor(options: NonNullable<MoreRoutes['feedback']>, feeds: () => Promise<ListFeed[]>) {
    this.#options = options;
    this.#feeds = feeds;
  }

  /** Feedback on a record, to the services found last. */
  readonly of: NonNullable<Webhook['feedbackOf']> = (record) =>
    Object.values(this.#services).flatMap(({ feedbackOf }) => feedbackOf(record));

  /** Finds the services. @throws {Failure} if a credential for fetching is missing */
  async find(): Promise<void> {
    const { stopncii, ncmec } = this.#options;
    const found: Record<string, ServiceFeedback> = {};
    for (const { service, provenance, client } of await this.#feeds()) {
      if (service === 'stopncii' && stopncii) {
        const options = { ...stopncii, to: 'StopNCII' };
        found[options.to] = stopNciiFeedback((await client()) as StopNciiClient, options);
      } else if (service === 'ncmec' && ncmec) {
        const [, list] = JSON.parse(provenance) as [string, NcmecOptions['environment'] | null];
        const options = { to: `ncmec/${list ?? 'industry'}`, ...(list && { environment: list }) };
        found[options.to] = ncmecFeedback((await client()) as NcmecClient, {
          ...ncmec,
          ...options,
        });
      }
    }
    this.#services = found;
  }

  /** Sends what is due. @throws {Failure} if a service did not accept something */
  async send(store: Store, signal: AbortSignal): Promise<void> {
    await this.find();
    const senders = Object.entries(this.#services).map(([to, { sender }]) => [to, sender]);
    const queue = await store
      .feedbackQueue({ senders: Object.fromEntries(senders) })
      .catch((error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
        throw new Failure('feedback waits for a service that no list is fetched from now');
      });
    const { stuck } = await queue.send({ signal });
    await queue.close();
    if (stuck > 0) throw new Failure(`feedback that a service did not accept: ${stuck}`);
  }
}
