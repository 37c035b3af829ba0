import type { ListSettings } from '../../policy.js';
import type { ChangeOptions, Store } from '../../store/store.js';
import type { FromSchema } from '../http/json-schema.js';
import { type Call, Refusal, type Route, routeOf } from '../http/route.js';
import { bankOf, listOfBank } from './hits.js';
import { hmaJson } from './reply.js';
import { BANK, BANK_WITH_NEWEST, MESSAGE, TEXT } from './schema.js';

/** A bank in HMA's form: its ratio is 0 if it is off. */
export type HmaBankJson = FromSchema<typeof BANK>;

/** As in HMA, and within the length of a list's name. */
const NAME = /^[A-Z_][A-Z0-9_]{0,199}$/;
const LONGEST_NAME = 200;
/** The form that a store accepts. */
const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,200}$/;
/** Coop sends the ratio as text. */
const RATIO = { type: ['number', 'string'] } as const;
const FLAG = { type: ['boolean', 'string'] } as const;
const CHANGES = {
  type: 'object',
  properties: { name: TEXT, enabled_ratio: RATIO, enabled: FLAG },
} as const;

/**
 * `/c/banks` and `/c/bank/…`: lists as banks.
 *
 * A bank is on or off. HMA also has ratios in between, by which it drops matches at random. They
 * are kept and given back here, but match as 1 does, which a header states: a match that is dropped
 * would be a missed copy.
 */
export function hmaBankRoutes(store: Store): Route[] {
  return [
    {
      method: 'GET',
      path: '/c/banks',
      role: 'curate',
      about: 'All banks.',
      replies: { 200: { type: 'array', items: BANK } },
      answer: async () => hmaJson([...(await store.settings())].map(bankJson)),
    },
    routeOf({
      method: 'POST',
      path: '/c/banks',
      role: 'curate',
      about: 'Create a bank.',
      body: { ...CHANGES, required: ['name'] },
      replies: { 201: BANK, 400: MESSAGE, 403: MESSAGE },
      async answer(call, { name, ...changes }) {
        const settings = { enabled: true, ...settingsBy(changes) };
        await checkNewName(store, name);
        const list = listOfBank(name);
        await store.apply({ settings: { [list]: settings } }, changeBy(call));
        return bankReply(bankJson([list, settings]), 201);
      },
    }),
    {
      method: 'GET',
      path: '/c/bank/{name}',
      role: 'curate',
      about: 'One bank, and the newest id of its content.',
      replies: { 200: BANK_WITH_NEWEST, 404: MESSAGE },
      async answer(call) {
        const bank = await bankAt(store, call);
        const { newest } = await store.count({ list: listOfBank(bank.name) });
        return bankReply({ ...bank, newest_content_id: newest });
      },
    },
    routeOf({
      method: 'PUT',
      path: '/c/bank/{name}',
      role: 'curate',
      about: 'Rename a bank, or switch it on or off.',
      body: CHANGES,
      replies: { 200: BANK, 400: MESSAGE, 403: MESSAGE, 404: MESSAGE },
      async answer(call, { name, ...changes }) {
        const before = await bankAt(store, call);
        const settings = settingsBy(changes);
        const list = listOfBank(before.name);
        const to = name ?? before.name;
        if (to !== before.name) {
          await checkNewName(store, to);
          const change = { settings, ...changeBy(call) };
          const { renamed } = await store.renameList(list, listOfBank(to), change);
          if (!renamed) {
            throw new Refusal('forbidden', 'expected a bank without an exchange, and a new name');
          }
        } else if (Object.keys(settings).length > 0) {
          await store.apply({ settings: { [list]: settings } }, changeBy(call));
        }
        const after = (await store.settings()).get(listOfBank(to)) ?? {};
        return bankReply(bankJson([listOfBank(to), after]));
      },
    }),
    {
      method: 'DELETE',
      path: '/c/bank/{name}',
      role: 'curate',
      about: 'Remove a bank and its content.',
      replies: { 200: MESSAGE },
      async answer(call) {
        await store.apply(
          { replace: { list: listAt(call), entries: [] }, settings: { [listAt(call)]: null } },
          changeBy(call),
        );
        return hmaJson({ message: 'Done' });
      },
    },
  ];
}

/** The list that the path names, which may not exist. @throws {Refusal} 404 */
export function listAt({ params }: Call): string {
  const list = listOfBank(params.name!);
  if (list.length <= LONGEST_NAME) return list;
  throw new Refusal('not-found', 'expected a valid bank name');
}

/** The bank that the path names. @throws {Refusal} 404 */
export async function bankAt(store: Store, call: Call): Promise<HmaBankJson> {
  const list = listAt(call);
  const settings = (await store.settings()).get(list);
  if (!settings) throw new Refusal('not-found', 'expected the name of a bank');
  return bankJson([list, settings]);
}

/**
 * Options of a change that a caller may repeat. HMA has no such header; clients may set it.
 * @throws {Refusal} 400
 */
export function changeBy({ request }: Call): ChangeOptions {
  const idempotencyKey = request.headers.get('idempotency-key');
  if (!idempotencyKey) return {};
  if (IDEMPOTENCY_KEY.test(idempotencyKey)) return { idempotencyKey };
  throw new Refusal(
    'bad-request',
    'expected Idempotency-Key to be 1 to 200 printable ASCII characters',
  );
}

function bankJson([list, settings]: readonly [string, ListSettings]): HmaBankJson {
  const { enabled = true, enabledRatio = 1 } = settings;
  return { name: bankOf(list), matching_enabled_ratio: enabled ? enabledRatio : 0 };
}

/** A bank, with the ratio by which it matches as a header, if that is another. */
function bankReply<Bank extends HmaBankJson>(bank: Bank, status = 200) {
  const { matching_enabled_ratio: ratio } = bank;
  return hmaJson(bank, status, ratio > 0 && ratio < 1 ? { 'onlyhashes-enabled-ratio': '1' } : {});
}

/** @throws {Refusal} 400 or, as in HMA, 403 if the bank exists */
export async function checkNewName(store: Store, name: string): Promise<void> {
  if (!NAME.test(name)) {
    throw new Refusal(
      'bad-request',
      'expected name to have 1 to 200 characters of A to Z, 0 to 9 and _, and to begin with no digit',
    );
  }
  if ((await store.settings()).has(listOfBank(name))) throw isTaken();
}

/** As in HMA. */
const isTaken = () => new Refusal('forbidden', 'expected a name that no other bank has');

/** @throws {Refusal} if a ratio is not from 0 to 1 */
function settingsBy(changes: FromSchema<typeof CHANGES>): ListSettings {
  const { enabled_ratio: ratio, enabled } = changes;
  if (ratio === undefined) return enabled === undefined ? {} : { enabled: isTrue(enabled) };
  const isNumber = typeof ratio === 'number' || /^[01]?(\.\d+)?$|^[01]\.$/.test(ratio || '-');
  const share = isNumber ? Number(ratio) : -1;
  if (!(share >= 0 && share <= 1)) {
    throw new Refusal('bad-request', 'expected enabled_ratio from 0 to 1');
  }
  return share === 0 ? { enabled: false } : { enabled: true, enabledRatio: share };
}

/** @throws {Refusal} if a text is not a flag */
function isTrue(flag: boolean | string): boolean {
  if (typeof flag === 'boolean') return flag;
  if (/^(true|1)$/i.test(flag)) return true;
  if (/^(false|0)$/i.test(flag)) return false;
  throw new Refusal('bad-request', 'expected enabled to be true or false');
}
