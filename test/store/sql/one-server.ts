import type { TestProject } from 'vitest/node';
import { PostgresqlServer, postgresqlMissing } from './postgresql.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** the address of its database `postgres`; empty if no server can be had */
    postgresql: string;
  }
}

/** Starts one PostgreSQL server for all files of a project; each suite has databases of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server =
    (await postgresqlMissing()) === undefined ? await PostgresqlServer.open() : undefined;
  project.provide('postgresql', server?.url() ?? '');
  return async () => server?.close();
}
