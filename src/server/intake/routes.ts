/*
 * Cases over HTTP: a person sends the file that the page makes, asks about its state, and takes it
 * back. Nothing here names them: no address is kept or logged, the case number alone opens nothing,
 * and the proof stands in a header, since addresses end up in logs.
 */

import { readBundle } from '../../bundle/read-bundle.js';
import { readWithdrawal } from '../../bundle/withdrawal.js';
import {
  checkedOptions,
  integer,
  nested,
  type OptionCheck,
  type OptionTable,
  object,
  tableOf,
  text,
  wrongKind,
  wrongRange,
} from '../../door.js';
import { FormatError } from '../../errors.js';
import { readBytes } from '../../node/read-bytes.js';
import { CASES_OPTIONS, type CasesOptions } from '../../store/cases/cases.js';
import type { CaseOutcome } from '../../store/cases/filed-case.js';
import type { Cases, Store } from '../../store/store.js';
import { networkOf } from '../http/access.js';
import { AddressLimit, lastAddressIn } from '../http/address-limit.js';
import { TextReply } from '../http/reply.js';
import { type Call, Refusal, type Route, repliesOf } from '../http/route.js';
import { feedRoutes } from './feed.js';
import { WorkGate } from './work.js';

/** The proxy in front of a service, whose header has the address of the caller. */
export interface IntakeProxy {
  /** the network of the proxy: `10.0.0.0/8`, or one address */
  readonly cidr: string;
  /** `x-forwarded-for`: the last address in it counts, which the proxy itself has added */
  readonly header: string;
}

/** A page that sends cases. */
export interface IntakePage {
  readonly text: string;
  /** of its reply, with its policy and its type */
  readonly headers: Readonly<Record<string, string>>;
}

/** Options of intake. */
export interface IntakeOptions extends Omit<CasesOptions, 'now'> {
  /**
   * the proxy in front
   * @defaultValue none: callers are counted by their own addresses
   */
  readonly proxy?: IntakeProxy | undefined;
  /**
   * cases that one caller may send in an hour
   * @defaultValue 60
   */
  readonly casesPerHour?: number | undefined;
  /**
   * cases in a minute, of all callers, above which senders are asked for a proof of work
   * @defaultValue 120
   */
  readonly casesPerMinute?: number | undefined;
  /**
   * the page that sends cases, served at `/`
   * @defaultValue none is served
   */
  readonly page?: IntakePage | undefined;
  /** 32 bytes that encrypt the notes of the desk; without it, none can be kept */
  readonly notesKey?: Uint8Array | undefined;
}

const cidr: OptionCheck = (_, value) => void networkOf(value as string);
const header: OptionCheck = (name, value) => {
  if (typeof value !== 'string') wrongKind(`${name} to be a string`);
  if (!/^[a-z][a-z0-9-]*$/i.test(value)) wrongRange(`${name} such as x-forwarded-for`);
};
const key: OptionCheck = (name, value) => {
  if (!(value instanceof Uint8Array)) wrongKind(`${name} to be a Uint8Array`);
  if (value.length !== 32) wrongRange(`${name} of 32 bytes`);
};

const PROXY = {
  cidr: { is: cidr, required: true },
  header: { is: header, required: true },
} as const;
const PAGE = {
  text: { is: text, required: true },
  headers: { is: object, required: true },
} as const;
const { now: _, ...CASES } = CASES_OPTIONS;

export const INTAKE_OPTIONS = /* @__PURE__ */ tableOf(CASES, {
  proxy: { is: nested, options: PROXY },
  casesPerHour: { is: integer, least: 1, default: 60 },
  casesPerMinute: { is: integer, least: 1, default: 120 },
  page: { is: nested, options: PAGE },
  notesKey: { is: key },
}) satisfies OptionTable<IntakeOptions>;

const MAX_BYTES = 2 ** 20;
const MAX_HASHES = 4096;
const MAX_WITHDRAWAL = 4096;
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };
/** Questions and withdrawals of one caller. */
const QUESTIONS = { most: 60, seconds: 5 };
const HOUR_SECONDS = 3600;
const PROOF = 'case-proof';
const WORK = 'case-work';

/** The page's requests come from a sandboxed frame, whose origin is `null`. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after',
};
const PREFLIGHT = {
  ...CORS,
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': `${PROOF}, ${WORK}, content-type`,
  'access-control-max-age': '600',
};

/** The states in words, for the person. */
export const WORDS: Readonly<Record<CaseOutcome, string>> = {
  received: 'It was received. Somebody of the desk has to speak with you before it counts.',
  'looked-at': 'The desk is looking into it.',
  listed: 'It was confirmed. The numbers are on the list, and platforms can fetch them.',
  refused: 'It was refused. The reason stands beside this.',
  withdrawn: 'It was taken back. Its numbers are on no list any more.',
  dropped: 'It was not confirmed in time, and its numbers were erased. You can send it again.',
};

const CASE = {
  type: 'object',
  required: ['case', 'day', 'hashes', 'digests'],
  properties: {
    case: { type: 'string' },
    day: { type: 'string' },
    hashes: { type: 'integer' },
    digests: { type: 'integer' },
  },
} as const;
const STATE = {
  ...CASE,
  required: [...CASE.required, 'state', 'words'],
  properties: {
    ...CASE.properties,
    state: { enum: Object.keys(WORDS) },
    words: { type: 'string' },
    listing: { type: 'object', required: ['of', 'listed', 'left'] },
    reason: { type: 'string' },
    reports: { type: 'array', items: { type: 'object', required: ['platform', 'atLeast'] } },
    reportsUntil: { type: 'string' },
  },
} as const;

/** The cases that intake takes. */
export function casesOf(store: Store, options: IntakeOptions, now: () => number): Cases {
  const checked = checkedOptions(options, INTAKE_OPTIONS);
  const { list, caseDays, confirmations, notesKey } = checked;
  return store.cases({ list, caseDays, confirmations, now }, notesKey);
}

/**
 * The routes by which people send cases, ask about them and take them back, and by which platforms
 * fetch the list of those that were confirmed.
 * @param common `secret`: the same in all processes of the service
 */
export function intakeRoutes(
  cases: Cases,
  options: IntakeOptions,
  { secret, now }: { readonly secret: string; readonly now: () => number },
): Route[] {
  const checked = checkedOptions(options, INTAKE_OPTIONS);
  const { casesPerHour, casesPerMinute, proxy, page } = checked;
  const gate = new WorkGate(secret, casesPerMinute, now);
  const common = { now: () => performance.now(), message: 'expected fewer requests: try later' };
  const sent = new AddressLimit({
    ...common,
    each: { most: casesPerHour, seconds: HOUR_SECONDS / casesPerHour },
  });
  const asked = new AddressLimit({ ...common, each: QUESTIONS });
  const caller = callerBehind(proxy);
  const admit = (limit: AddressLimit, call: Call) => {
    const from = caller(call);
    limit.admit(from);
    limit.count(from);
  };
  const open = { role: 'public', refused: refusedOpenly } as const;
  return [
    {
      ...open,
      method: 'POST',
      path: '/v1/cases',
      about: 'Takes a bundle as a case, and answers with a receipt.',
      media: ['application/json', 'text/plain'],
      replies: { 201: CASE, ...repliesOf(undefined, 400, 408, 409, 413, 415, 422, 428, 429) },
      async answer(call) {
        admit(sent, call);
        const bundle = await read(call, MAX_BYTES, (bytes) => readBundle(bytes, { padded: true }));
        const { hashes, unknown = [], digests = [] } = bundle;
        if (hashes.length + unknown.length + digests.length > MAX_HASHES) {
          throw new Refusal('unusable', `expected at most ${MAX_HASHES} hashes`);
        }
        const work = gate.count();
        if (work && !gate.isDone(call.request.headers.get(WORK), bundle.case, work.bits)) {
          const message = 'expected a proof of work, since many cases come at once';
          return answered({ code: 'needs-work', message, work }, 428);
        }
        const receipt = await cases.file(bundle);
        if (receipt) return answered(receipt, 201);
        throw new Refusal('conflict', 'expected the file as it was first sent');
      },
    },
    {
      ...open,
      method: 'GET',
      path: '/v1/cases/{number}',
      about: `Returns the state of a case, for its proof in the header ${PROOF}.`,
      replies: { 200: STATE, ...repliesOf(undefined, 400, 404, 429) },
      async answer(call) {
        admit(asked, call);
        const id = numberIn(call);
        const proof = call.request.headers.get(PROOF) ?? '';
        if (!/^[0-9a-f]{64}$/i.test(proof)) {
          throw new Refusal('bad-request', `expected ${PROOF}: 64 hex digits`);
        }
        const state = await cases.stateOf(id, proof);
        if (!state) throw notFound();
        return answered({ ...state, words: WORDS[state.state] });
      },
    },
    {
      ...open,
      method: 'POST',
      path: '/v1/cases/{number}/withdraw',
      about:
        'Takes a case back, for its withdrawal. All its entries are gone at once, and stay gone.',
      media: ['application/json', 'text/plain'],
      replies: {
        200: { type: 'object', required: ['case', 'state', 'words'] },
        ...repliesOf(undefined, 400, 404, 422, 429),
      },
      async answer(call) {
        admit(asked, call);
        const id = numberIn(call);
        const withdrawal = await read(call, MAX_WITHDRAWAL, (bytes) =>
          readWithdrawal(bytes).catch((error: unknown) => {
            if (error instanceof FormatError && error.code === 'bad-token') return undefined;
            throw error;
          }),
        );
        const isHers = withdrawal?.case === id;
        if (!isHers || !(await cases.withdraw(id))) throw notFound();
        return answered({ case: id, state: 'withdrawn', words: WORDS.withdrawn });
      },
    },
    ...(page ? [pageRoute(page)] : []),
    ...feedRoutes(cases),
    ...['/v1/cases', '/v1/cases/{number}', '/v1/cases/{number}/withdraw'].map(
      (path): Route => ({
        ...open,
        method: 'OPTIONS',
        path,
        about: 'Lets a page of any origin send this request, without credentials.',
        replies: { 204: undefined },
        answer: () => new Response(null, { status: 204, headers: PREFLIGHT }),
      }),
    ),
  ];
}

const pageRoute = (page: IntakePage): Route => ({
  method: 'GET',
  path: '/',
  role: 'public',
  about: 'The page on which people make the numbers of their pictures, and send them.',
  replies: { 200: undefined },
  answer: () => new TextReply(page.text, 200, page.headers),
});

const answered = (body: object, status = 200) => TextReply.json(body, status, CORS);

const refusedOpenly = ({ code, message, status, headers }: Refusal) =>
  TextReply.json({ code, message }, status, { ...headers, ...CORS });

const notFound = () => new Refusal('not-found', 'expected the number and the proof of a case');

/** @throws {Refusal} 400 */
function numberIn({ params }: Call): string {
  const { number } = params;
  if (/^[0-9a-f]{32}$/i.test(number!)) return number!.toLowerCase();
  throw new Refusal('bad-request', 'expected a case number: 32 hex digits');
}

/**
 * The body of a request, read by `parse`.
 * @throws {Refusal} 408, 413, 415 or 422; the message names a member, never its value
 */
async function read<T>(
  { request, signal }: Call,
  maxBytes: number,
  parse: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (!['', 'application/json', 'text/plain'].includes(type)) {
    throw new Refusal('unsupported', 'expected a body of application/json or text/plain');
  }
  const bytes = await readBytes(request, { maxBytes, signal, ...PACE });
  try {
    return await parse(bytes);
  } catch (error) {
    if (error instanceof FormatError) throw new Refusal('unusable', error.message);
    throw error;
  }
}

/** The address by which a caller is counted. */
function callerBehind(proxy: IntakeProxy | undefined): (call: Call) => string {
  if (!proxy) return ({ address }) => address;
  const network = networkOf(proxy.cidr);
  return ({ address, request }) => {
    const isProxy = network.check(address, 'ipv4') || network.check(address, 'ipv6');
    return (isProxy && lastAddressIn(request.headers.get(proxy.header))) || address;
  };
}
