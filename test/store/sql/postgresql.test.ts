import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { workerScripts } from '../../node/pool/hash-process.js';
import { describeOwnPostgresql } from '../engines.js';
import { PostgresqlServer } from './postgresql.js';

/** The folder of the server at this address. */
const folderOf = (url: string) => new URL(url).searchParams.get('host')!;

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describeOwnPostgresql((server) => {
  test('databases are separate', async () => {
    const [one, other] = [await server().newDatabase(), await server().newDatabase()];
    await ask(one, 'create table only_here ()');
    const tables = "select from pg_tables where tablename = 'only_here'";
    expect(await ask(one, tables)).toHaveLength(1);
    expect(await ask(other, tables)).toHaveLength(0);
  });

  test.each(['kill', 'stop'] as const)(
    'committed data survives %s, at the same address',
    async (end) => {
      const url = await server().newDatabase();
      await ask(url, 'create table kept as select 7 as value');
      await server()[end]();
      await expect(ask(url, 'select')).rejects.toThrow();
      await server().start();
      expect(await ask(url, 'select value from kept')).toEqual([{ value: 7 }]);
    },
  );

  test('a second server runs beside it', async () => {
    const second = await PostgresqlServer.open();
    try {
      const mark = "select current_setting('data_directory')";
      expect(await ask(second.url(), mark)).not.toEqual(await ask(server().url(), mark));
    } finally {
      await second.close();
    }
    await expect(ask(second.url(), 'select')).rejects.toThrow();
    expect(existsSync(folderOf(second.url()))).toBe(false);
  });

  test('a server ends with the process that started it, also when that is killed', async () => {
    const scripts = workerScripts();
    const script = fileURLToPath(scripts.build('test/store/sql/postgresql-starter.ts'));
    const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const url = String(line).trim();
    // A statement that would go on is cut off too.
    const busy = ask(url, 'select count(*) from generate_series(1, 10000000000)');
    const cut = expect(busy).rejects.toThrow();
    starter.kill('SIGKILL');
    await cut;
    while (existsSync(folderOf(url))) await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(ask(url, 'select')).rejects.toThrow();
    scripts.remove();
  });
});
