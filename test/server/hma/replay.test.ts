import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const REFERENCE_DATA = process.env.PDQ_REFERENCE_DATA;

import { followedStore, servedHma } from './hma-served.js';

/** A request to an HMA 1.1.7, and its reply. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | { readonly form: Record<string, string | FormFile> };
  readonly reply: {
    readonly status: number;
    readonly type: string;
    readonly json?: unknown;
    readonly text?: string;
  };
}
type FormFile = { readonly file: string } | { readonly text: string };

/** Steps that differ on purpose, by their numbers from 0: our status, and why. */
const DIFFERENT: Readonly<Record<number, readonly [status: number, why: string]>> = {
  7: [400, 'a body without a name is a wrong request, and its error an object'],
  20: [415, 'no picture is told from an outage'],
  24: [200, 'upper case is folded'],
  31: [200, 'digests are compared'],
  39: [200, 'other exchanges, without the sample'],
  40: [200, 'StopNCII is an exchange'],
  41: [200, 'NCMEC is an exchange'],
  42: [400, 'there is no sample'],
  49: [404, 'the error is an object'],
};
/** Of these, bodies differ as well, or name what only one of the two has. */
const OTHER_BODIES = [7, 24, 31, 39, 40, 41, 42, 45, 49];

/** The types of all members; `null` is of any. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
}

/** The same without members that only we have. */
function known(ours: unknown, theirs: unknown): unknown {
  if (typeof ours !== 'object' || ours === null || Array.isArray(ours)) return ours;
  const members = Object.entries(ours).filter(([name]) => Object.hasOwn(Object(theirs), name));
  return Object.fromEntries(
    members.map(([name, one]) => [name, known(one, (theirs as Record<string, unknown>)[name])]),
  );
}

if (REFERENCE_DATA) {
  const folder = REFERENCE_DATA;
  test('answers as HMA 1.1.7 does, in status and shape', async () => {
    const exchanges: Exchange[] = JSON.parse(
      readFileSync(join(folder, 'hma/exchanges.json'), 'utf8'),
    );
    const { store, follower } = await followedStore();
    const wrong: string[] = [];
    await servedHma(
      async ({ url }) => {
        let first = 0;
        for (const [at, { method, path, headers, body, reply }] of exchanges.entries()) {
          const form = typeof body === 'object' ? formOf(body.form, folder) : undefined;
          const response = await fetch(`${url}${path.replace('$1', String(first))}`, {
            method,
            ...(headers && { headers }),
            ...(body !== undefined && { body: form ?? (body as string) }),
          });
          const text = await response.text();
          const isJson = response.headers.get('content-type')?.startsWith('application/json');
          const json: unknown = isJson ? JSON.parse(text) : undefined;
          if (path === '/c/bank/ONE/signal' && first === 0) first = (json as { id: number }).id;
          await follower.reached(await store.revision());
          const status = DIFFERENT[at]?.[0] ?? reply.status;
          const told = `${at} ${method} ${path}: ${response.status} ${text.slice(0, 200)}`;
          if (response.status !== status) wrong.push(`${told}, expected ${status}`);
          else if (reply.json === undefined) {
            if (reply.status < 300 && text !== reply.text) wrong.push(told);
          } else if (!OTHER_BODIES.includes(at)) {
            const ours = JSON.stringify(shapeOf(known(json, reply.json)));
            const theirs = JSON.stringify(shapeOf(known(reply.json, reply.json)));
            if (sorted(ours) !== sorted(theirs)) wrong.push(`${told}, expected ${theirs}`);
          }
        }
      },
      { follower, store, hma: {} },
    );
    await store.close();
    expect(wrong).toEqual([]);
  });
} else {
  test.skip('answers as HMA 1.1.7 does (PDQ_REFERENCE_DATA does not name its replies)', () => {});
}

/** A text with its members in order. */
const sorted = (json: string) =>
  JSON.stringify(JSON.parse(json), (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

function formOf(fields: Record<string, string | FormFile>, folder: string): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.append(name, value);
    else {
      const bytes =
        'file' in value
          ? readFileSync(join(folder, 'images/pdq-data', value.file))
          : Buffer.from(value.text);
      form.append(name, new Blob([new Uint8Array(bytes)]), 'x');
    }
  }
  return form;
}
