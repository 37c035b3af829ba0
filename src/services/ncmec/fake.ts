import { FormatError } from '../../errors.js';
import { childOf, rootElement, xmlText } from '../../text/xml.js';
import {
  checkFake,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  reordered,
  startFakeService,
} from '../fake-service.js';
import {
  document,
  type NcmecEntry,
  type NcmecFeedback,
  type NcmecFingerprint,
  type NcmecVote,
} from './format.js';

/** Options of `fakeNcmec`. */
export interface FakeNcmecOptions {
  /** default `user` */
  user?: string;
  /** default `password` */
  password?: string;
  /** most entries of one page, default 1000 */
  maxPageSize?: number;
  /** shuffles the entries of a range, the same way for the same seed; default 1 */
  reorderSeed?: number;
  /** milliseconds since 1970, default `Date.now`; links are valid for 12 hours of it */
  now?: () => number;
}

/** A vote that the fake service holds. */
export interface FakeNcmecVote extends NcmecFeedback {
  readonly memberId: string;
  readonly id: string;
  readonly type: string;
}

/** A fake list of NCMEC, on this machine. */
export interface FakeNcmec extends FakeService {
  /** Lists an entry, or its notice of deletion, in place of an earlier one with its ids. */
  put(entry: NcmecEntry): void;
  /** Deletes an entry: from now on its notice is listed. */
  remove(memberId: string, id: string, timestamp: string): void;
  /** the entries, and the notices of deleted ones */
  entries(): NcmecEntry[];
  /** the votes, the latest on each fingerprint */
  votes(): FakeNcmecVote[];
}

const MEMBERS = [
  ['1', 'Example Member'],
  ['2', 'Another Member'],
];
const REASON = '<reason guid="01234567-abcd-0123-4567-012345678900" name="Example Reason" type="';

/**
 * Starts NCMEC's hash sharing on the loopback address.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeNcmec(options: FakeNcmecOptions = {}): Promise<FakeNcmec> {
  checkFake(options, {
    ...{ user: 'string', password: 'string', now: 'function' },
    ...{ maxPageSize: [1], reorderSeed: [0] },
  });
  const { user = 'user', password = 'password', maxPageSize = 1000, reorderSeed = 1 } = options;
  const { now = Date.now } = options;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const held = new Map<string, NcmecEntry>();
  const votes = new Map<string, FakeNcmecVote>();
  /** Entries of a range when it was first requested, so that its pages belong together. */
  const cursors = new Map<string, { entries: readonly NcmecEntry[]; begun: number }>();

  async function answer(request: FakeRequest): Promise<FakeReply> {
    if (request.headers.authorization !== authorization) return { status: 401 };
    const { method, path } = request;
    if (method === 'GET' && path === '/v2/status') {
      const member = `<member id="1">${MEMBERS[0]![1]}</member>`;
      const inner = `<ipAddress>127.0.0.1</ipAddress><username>${xmlText(user)}</username>${member}`;
      return xml(document('status', inner));
    }
    if (method === 'GET' && path === '/v2/members') {
      const inner = MEMBERS.map(([id, name]) => `<member id="${id}">${name}</member>`).join('');
      return xml(document('members', inner));
    }
    if (method === 'GET' && path === '/v2/entries') return page(request.query);
    const reasons = /^\/v2\/feedback\/([^/]+)\/reasons$/.exec(path);
    if (method === 'GET' && reasons) {
      return xml(document('availableFeedbackReasons', `${REASON}${xmlText(reasons[1]!)}"/>`));
    }
    const vote = /^\/v2\/entries\/([^/]+)\/([^/]+)\/([^/]+)\/feedback$/.exec(path);
    if (method === 'PUT' && vote) {
      const [memberId, id, type] = vote.slice(1).map(decodeURIComponent) as [
        string,
        string,
        string,
      ];
      if (!held.has(keyOf(memberId, id))) return { status: 404 };
      try {
        const feedback = await readNcmecFeedback(request.body);
        votes.set(`${keyOf(memberId, id)}/${type}`, { memberId, id, type, ...feedback });
      } catch {
        return { status: 400 };
      }
      return xml(document('submissionResult', ''));
    }
    return { status: 404 };
  }

  function page(query: URLSearchParams): FakeReply {
    const from = Date.parse(query.get('from') ?? '');
    const to = Date.parse(query.get('to') ?? '');
    if (!(from < to)) return { status: 400 };
    const range = `${from} ${to}`;
    const start = Number(query.get('start') ?? 1);
    if (!query.has('start')) {
      const within = [...held.values()].filter(({ timestamp }) => {
        const time = Date.parse(timestamp ?? '');
        return time >= from && time <= to;
      });
      cursors.set(range, { entries: reordered(within, reorderSeed), begun: now() });
    }
    const cursor = cursors.get(range);
    if (!cursor || now() - cursor.begun > 12 * 3600_000) return { status: 400 };
    const size = Math.min(Number(query.get('size') ?? maxPageSize), maxPageSize);
    const end = start - 1 + size;
    const link = new URLSearchParams({
      from: query.get('from')!,
      to: query.get('to')!,
      start: `${end + 1}`,
      size: `${size}`,
      max: `${cursor.entries.length}`,
    });
    const next = end < cursor.entries.length ? { next: `/v2/entries?${link}` } : {};
    return xml(writeNcmecEntries(cursor.entries.slice(start - 1, end), next));
  }

  const service = await startFakeService(async (request) => {
    const reply = await answer(request);
    return { ...reply, headers: { date: new Date(now()).toUTCString(), ...reply.headers } };
  });
  return {
    ...service,
    put: (entry) => void held.set(keyOf(entry.memberId, entry.id), entry),
    remove: (memberId, id, timestamp) => {
      const { kind = 'image' } = held.get(keyOf(memberId, id)) ?? {};
      const notice = { kind, isDeleted: true, memberId, id, timestamp };
      held.set(keyOf(memberId, id), { ...notice, fingerprints: [], votes: [] });
    },
    entries: () => [...held.values()],
    votes: () => [...votes.values()],
  };
}

const keyOf = (memberId: string, id: string) => `${memberId}/${id}`;

function xml(body: string): FakeReply {
  return { body, headers: { 'content-type': 'application/xml; charset=utf-8' } };
}

/** Writes entries as a page of `GET /v2/entries`. */
export function writeNcmecEntries(
  entries: Iterable<NcmecEntry>,
  { next }: { next?: string } = {},
): string {
  const groups = new Map<string, NcmecEntry[]>([
    ['images', []],
    ['videos', []],
  ]);
  for (const entry of entries) {
    const name = `${entry.kind}s`;
    groups.set(name, groups.get(name) ?? []);
    groups.get(name)!.push(entry);
  }
  const paging = next === undefined ? '' : `<paging><next>${xmlText(next)}</next></paging>`;
  return document('queryResult', [...groups].map(groupElement).join('') + paging);
}

function groupElement([name, entries]: [string, NcmecEntry[]]): string {
  if (entries.length === 0) return `<${name} count="0"/>`;
  const times = entries.map(({ timestamp }) => timestamp ?? '').sort();
  const latest = times.at(-1) ? ` maxTimestamp="${xmlText(times.at(-1)!)}"` : '';
  const inner = entries.map(ncmecElement).join('');
  return `<${name} count="${entries.length}"${latest}>${inner}</${name}>`;
}

/** `entry` as an element of a query result. */
export function ncmecElement(entry: NcmecEntry): string {
  const { kind, isDeleted, memberId, memberName = '', id, timestamp, classification } = entry;
  const name = isDeleted ? `deleted${kind[0]!.toUpperCase()}${kind.slice(1)}` : kind;
  const parts = [
    `<member id="${xmlText(memberId)}">${xmlText(memberName)}</member>`,
    timestamp && `<timestamp>${xmlText(timestamp)}</timestamp>`,
    `<id>${xmlText(id)}</id>`,
    classification && `<classification>${xmlText(classification)}</classification>`,
    entry.fingerprints.length > 0 &&
      `<fingerprints>${entry.fingerprints.map(fingerprintElement).join('')}</fingerprints>`,
    entry.votes.length > 0 && `<feedback>${entry.votes.map(voteElement).join('')}</feedback>`,
  ];
  return `<${name}>${parts.filter(Boolean).join('')}</${name}>`;
}

function fingerprintElement({ type, value, isLink }: NcmecFingerprint): string {
  const text = xmlText(value);
  return isLink ? `<${type} rel="self" href="${text}"/>` : `<${type}>${text}</${type}>`;
}

function voteElement({ isAffirmative, type, memberId, reason, reasonId }: NcmecVote): string {
  const members = `<members><member id="${xmlText(memberId)}"/></members>`;
  const kind = ` type="${xmlText(type)}"`;
  if (isAffirmative) return `<affirmativeFeedback${kind}>${members}</affirmativeFeedback>`;
  const guid = reasonId === undefined ? '' : ` guid="${xmlText(reasonId)}"`;
  const name = reason === undefined ? '' : ` name="${xmlText(reason)}"`;
  const given = `<reason${guid}${name}${kind}/>`;
  return `<negativeFeedback${kind}><reasons>${given}${members}</reasons></negativeFeedback>`;
}

/**
 * Reads the body of a vote.
 * @throws {FormatError} `bad-xml` if it is not XML; `bad-reply` if it is not a vote
 */
export async function readNcmecFeedback(text: string): Promise<NcmecFeedback> {
  const root = await rootElement(text, 'feedbackSubmission');
  const negative = childOf(root, 'negative');
  const reasonIds = (negative ? childOf(negative, 'reasonIds')?.children : [])
    ?.filter(({ name }) => name === 'guid')
    .flatMap(({ text }) => (text ? [text] : []));
  if (childOf(root, 'affirmative') && !negative) return { says: 'affirmative' };
  if (!reasonIds?.length) throw new FormatError('bad-reply', 'expected a vote, and its reasons');
  return { says: 'negative', reasonIds };
}
