import { expect, test } from 'vitest';
import { createWithdrawal } from '../../../src/index.js';
import { personWith } from '../../store/cases/filed-bundles.js';
import { describeEngines } from '../../store/engines.js';
import { databaseOf } from '../../store/opened.js';
import { sharedStore } from '../../store/shared-store.js';
import { as, served } from '../served.js';

const KEY = new Uint8Array(32).fill(9);
const INTAKE = {
  ...{ list: 'cases', caseDays: 30, notesKey: KEY },
  proxy: { cidr: '127.0.0.0/8', header: 'x-forwarded-for' },
};
const PEOPLE = 25;

describeEngines((running) => {
  const { store } = sharedStore(running);

  /** All rows of all tables, as text. */
  async function everything(): Promise<string> {
    const database = databaseOf(store());
    const tables = await database.query<{ name: string }>(
      `select table_name as name from information_schema.tables
      where table_schema = current_schema() and table_type = 'BASE TABLE'`,
    );
    const rows: string[] = [];
    for (const { name } of tables) {
      // Bytes as text, too: what is stored in clear as bytes is in clear.
      const found = await database.query<{ row: string }>(
        `select row_to_json(whole)::text as row from ${name} as whole`,
      );
      rows.push(...found.map(({ row }) => row));
    }
    return rows.join('\n');
  }

  test('addresses, codes, proofs and notes are in no log, metric, error, export or table', async () => {
    const canaries: string[] = [];
    const outside: string[] = [];
    const cases = store().cases({ list: 'cases', caseDays: 30 }, KEY);
    await served(
      async ({ url, errors, logs }) => {
        for (let at = 0; at < PEOPLE; at++) {
          const her = await personWith(5000 + at);
          const address = `203.0.113.${100 + at}`;
          const note = `note-${her.code.slice(0, 9)}-of-the-desk`;
          canaries.push(her.code, her.code.replaceAll('-', ''), her.proof, address, note);
          const headers = { 'x-forwarded-for': address };
          const body = her.bundle.text;
          const sent = await fetch(`${url}/v1/cases`, { method: 'POST', body, headers });
          expect(sent.status).toBe(201);
          const wrong = body.replace('"version": 1', `"version": "${note}"`);
          const refused = await fetch(`${url}/v1/cases`, { method: 'POST', body: wrong, headers });
          outside.push(await refused.text());
          const state = { headers: { 'case-proof': her.proof, ...headers } };
          outside.push(await (await fetch(`${url}/v1/cases/${her.case}`, state)).text());
          const [found] = await cases.find(her.case);
          await cases.note(found!, note);
          const [again] = await cases.find(her.case);
          if (at % 3 === 0) await cases.confirm(again!, 'call', note);
          if (at % 3 !== 1) continue;
          const back = JSON.stringify(await createWithdrawal(her.code));
          const path = `${url}/v1/cases/${her.case}/withdraw`;
          outside.push(await (await fetch(path, { method: 'POST', body: back, headers })).text());
        }
        outside.push(await (await fetch(`${url}/metrics`, as('admin'))).text());
        outside.push(JSON.stringify(logs), errors.map((error) => String(error)).join());
      },
      { store: store(), intake: INTAKE },
    );
    for await (const entry of store().entries()) outside.push(JSON.stringify(entry));
    const database = await everything();
    const all = [database, ...outside].join('\n');
    expect(canaries).toHaveLength(5 * PEOPLE);
    for (const canary of canaries) {
      expect(all).not.toContain(canary);
      expect(all).not.toContain(Buffer.from(canary).toString('hex'));
      expect(all).not.toContain(Buffer.from(canary).toString('base64').slice(0, -3));
    }
    // It would have been seen.
    const [one] = await cases.waiting(0, 1);
    expect(database).toContain(one!.case);
  });
});
