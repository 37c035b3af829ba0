import type { Withdrawal, WrittenBundle } from '../../index.js';
import { h } from '../parts/element.js';
import { type TextKey, t } from '../parts/language.js';
import { ANY_SERVICE } from '../policy.js';
import { proofOfWork } from './work.js';

/** An answer of the service. Its body is not checked. */
export interface Reply {
  /** an HTTP status; 0 if no answer came */
  readonly status: number | 'stopped';
  readonly body: Readonly<Record<string, unknown>>;
  /** the wait that it asks for, 0 if it asks for none */
  readonly seconds: number;
}

const LONGEST_MILLISECONDS = 60_000;
/** A challenge may expire while a slow device works on it. */
const MOST_CHALLENGES = 3;
/** The service serves this page, so a person knows it by the page's address. */
export const serviceHost = (): string => location.host;

/** A text that names the service. */
export const named = (key: TextKey, values: Record<string, string | number> = {}): string =>
  t(key, { host: serviceHost(), ...values });

/**
 * Adds the policy of the file once more, narrowed to the service, before anything else is done and
 * before there is a frame. The file cannot name it, see `ANY_SERVICE`.
 */
export function allowOnlyService(): void {
  const own = document.querySelector<HTMLMetaElement>('[http-equiv=Content-Security-Policy]')!;
  const content = own.content.replace(ANY_SERVICE, `${location.origin}/v1/`);
  document.head.append(h('meta', { 'http-equiv': 'Content-Security-Policy', content }));
}

let running = new AbortController();

/** Ends the request that runs, or the work for it. The request may have arrived. */
export const stopRequest = (): void => running.abort('stopped');

/**
 * Sends a file, as it was read and written again here. If the service is busy and asks for work,
 * does the work and sends again.
 * @param working is called when it begins to work
 */
export async function sendBundle(
  { text, case: id }: WrittenBundle,
  working: () => void,
): Promise<Reply> {
  let headers: Record<string, string> = {};
  for (let challenges = 0; ; challenges++) {
    const reply = await request('', { method: 'POST', body: text, headers });
    if (reply.status !== 428 || challenges === MOST_CHALLENGES) return reply;
    const { signal } = running;
    working();
    const proof = await proofOfWork(reply.body.work, id, signal);
    if (proof === undefined) return { ...reply, status: signal.aborted ? 'stopped' : 503 };
    headers = { 'case-work': proof };
  }
}

/** Asks for the state of a case. */
export const stateOf = (id: string, proof: string): Promise<Reply> =>
  request(`/${id}`, { headers: { 'case-proof': proof } });

/** Takes a case back. */
export const takeBack = (withdrawal: Withdrawal): Promise<Reply> =>
  request(`/${withdrawal.case}/withdraw`, { method: 'POST', body: JSON.stringify(withdrawal) });

/** One request at a time. It carries no cookie and no referrer, and follows no redirect. */
async function request(path: string, init: RequestInit): Promise<Reply> {
  running.abort();
  const ending = new AbortController();
  running = ending;
  const { signal } = ending;
  const timer = setTimeout(() => ending.abort(), LONGEST_MILLISECONDS);
  try {
    const response = await fetch(`/v1/cases${path}`, {
      ...init,
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store',
    });
    const body: unknown = await response.json().catch(() => signal.throwIfAborted());
    const seconds = Number(response.headers.get('retry-after')) || 0;
    return { status: response.status, body: { ...(body as object) }, seconds };
  } catch {
    return { status: signal.reason === 'stopped' ? 'stopped' : 0, body: {}, seconds: 0 };
  } finally {
    clearTimeout(timer);
  }
}
