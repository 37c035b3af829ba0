import { describe, expect, test } from 'vitest';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { describeEngines } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';
import { sharedStore } from '../shared-store.js';

const TOKEN = tokenHash('a-token-of-many-characters');
const HOUR = 3_600_000;

describeEngines((running) => {
  const { store, place } = sharedStore(running);

  test('a session represents a token, in every process, until it is ended', async () => {
    const sessions = store().sessions();
    const secret = await sessions.begin(TOKEN);
    const other = await sessions.begin(TOKEN);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(other).not.toBe(secret);
    expect(await store().sessions().tokenHashOf(secret)).toBe(TOKEN);
    if (running.engine === 'postgresql') {
      const elsewhere = await openStore(place());
      expect(await elsewhere.sessions().tokenHashOf(secret)).toBe(TOKEN);
      await elsewhere.close();
    }
    expect(await sessions.end(secret)).toBe(true);
    expect(await sessions.end(secret)).toBe(false);
    expect(await sessions.tokenHashOf(secret)).toBe(undefined);
    expect(await sessions.tokenHashOf(other)).toBe(TOKEN);
  });

  test('an expired session is invalid, and its row is then deleted', async () => {
    let now = Date.parse('2026-11-20T12:00:00Z');
    const sessions = store().sessions({ hours: 2, now: () => now });
    const secret = await sessions.begin(TOKEN);
    now += 2 * HOUR - 1;
    expect(await sessions.tokenHashOf(secret)).toBe(TOKEN);
    now += 1;
    expect(await sessions.tokenHashOf(secret)).toBe(undefined);
    const rows = () =>
      databaseOf(store()).query('select from session where until <= $1', [new Date(now)]);
    expect(await rows()).toHaveLength(1);
    await sessions.begin(TOKEN);
    expect(await rows()).toHaveLength(0);
  });

  test('the database contains neither the secret nor the token', async () => {
    const secret = await store().sessions().begin(TOKEN);
    const rows = await databaseOf(store()).query<{ row: string }>(
      'select row_to_json(session)::text as row from session',
    );
    expect(rows.length).toBeGreaterThan(0);
    const bytes = Buffer.from(secret, 'base64url').toString('hex');
    for (const { row } of rows) {
      expect(row).not.toContain(secret);
      expect(row).not.toContain(bytes);
    }
  });

  describe.each([
    '',
    'x',
    `${'A'.repeat(42)}=`,
    'A'.repeat(43),
    `${'A'.repeat(43)}\n`,
    '\0'.repeat(43),
    "' or true --",
  ])('an unknown secret: %j', (secret) => {
    test('opens nothing', async () => {
      await store().sessions().begin(TOKEN);
      expect(await store().sessions().tokenHashOf(secret)).toBe(undefined);
      expect(await store().sessions().end(secret)).toBe(false);
    });
  });
});
