import { lengthOf, readBytes } from '../../node/read-bytes.js';
import { problemOf, type QueryValue, readQueryValue } from './json-schema.js';
import { Refusal, type Route } from './route.js';

/* The query and the body of a request, checked by the schemas of its route. */

/** The same as a hash pool's. Without it, a few slow senders would hold all the memory. */
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };

/** Time limit of an answer. Its signal is created on first use. */
export interface Time {
  readonly signal: AbortSignal;
}

/**
 * The checked query.
 * @throws {Refusal} 400
 */
export function queryOf({ query = {} }: Route, url: URL): Record<string, QueryValue> {
  const values: Record<string, QueryValue> = {};
  for (const [name, schema] of Object.entries(query)) {
    const [text, ...others] = url.searchParams.getAll(name);
    if (others.length > 0) throw new Refusal('bad-request', `expected query.${name} once`);
    if (text === undefined) {
      if (schema.required) throw new Refusal('bad-request', `expected query.${name}`);
      continue;
    }
    const value = readQueryValue(text, schema);
    const problem = problemOf(value, schema, `query.${name}`);
    if (problem !== undefined) throw new Refusal('bad-request', problem);
    values[name] = value;
  }
  return values;
}

/**
 * The checked body of JSON; undefined if the route reads the body itself, or has none.
 * @throws {Refusal} 400, 408, 413 or 415
 */
export async function bodyOf(
  { method, body: schema, media = [] }: Route,
  request: Request,
  maxBytes: number,
  time: Time,
): Promise<unknown> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (media.some((one) => isOfType(type, one)) || !schema) return undefined;
  if (type === '' && method === 'PUT' && media.length > 0) return undefined;
  // By POST, a missing type counts as JSON.
  if (type !== '' && type !== 'application/json') {
    throw new Refusal(
      'unsupported',
      `expected a body of ${['application/json', ...media].join(' or ')}`,
    );
  }
  const length = lengthOf(request);
  if (length !== undefined && length > maxBytes) {
    throw new Refusal('too-many-bytes', `expected a body of at most ${maxBytes} bytes`);
  }
  const limits = { maxBytes, signal: time.signal, ...PACE };
  const bytes = await readBytes(request, limits);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The engine's message would quote the body.
    throw new Refusal('bad-request', 'expected a body of JSON');
  }
  const problem = problemOf(value, schema, 'body');
  if (problem !== undefined) throw new Refusal('bad-request', problem);
  return value;
}

/** True if a type equals `one`, or matches it when it is a range such as `image/*`. */
const isOfType = (type: string, one: string): boolean =>
  one.endsWith('/*') ? type.startsWith(one.slice(0, -1)) : type === one;
