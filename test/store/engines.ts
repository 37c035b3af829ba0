import { afterAll, beforeAll, describe, inject } from 'vitest';
import { isDeep } from '../seed.js';
import { Databases, PostgresqlServer, postgresqlMissing } from './sql/postgresql.js';

/** How a test opens a store: as `openStore` takes it. */
export type Place = { url: string } | { dataDir: undefined };

/** What a suite on one engine is given. */
export interface Running {
  readonly engine: 'pglite' | 'postgresql';
  /** where an empty database is, a new one with each call */
  newPlace(): Promise<Place>;
}

// Before the tests are collected, so that their list names what is missing.
const missing = await postgresqlMissing();

/** A store in memory, for tests of what does not depend on the engine. */
export const EMBEDDED: Running = {
  engine: 'pglite',
  newPlace: async () => ({ dataDir: undefined }),
};

/** A suite that runs on both engines: embedded, and on a PostgreSQL server. */
export function describeBothEngines(body: (running: Running) => void): void {
  describe('pglite', () => body(EMBEDDED));
  describePostgresql((server) => body(onServer(server)));
}

const onServer = (server: () => Databases): Running => ({
  engine: 'postgresql',
  newPlace: async () => ({ url: await server().newDatabase() }),
});

/**
 * A suite that the deep run has on both engines. Other runs have it on a PostgreSQL server alone, if
 * there is one: the same code of PostgreSQL takes three times as long embedded.
 */
export function describeEngines(body: (running: Running) => void): void {
  const hasServer = missing === undefined || process.env.CI !== undefined;
  if (isDeep) describeBothEngines(body);
  else if (!hasServer) describe('pglite', () => body(EMBEDDED));
  else describePostgresql((server) => body(onServer(server)));
}

/** A suite on the PostgreSQL server of this run, whose other suites have other databases. */
export function describePostgresql(body: (server: () => Databases) => void): void {
  describeServer('postgresql', body, async () => {
    const address = inject('postgresql');
    return new Databases((database = 'postgres') => address.replace('/postgres?', `/${database}?`));
  });
}

/** A suite on a durable server of its own, which starts before it and is gone after it. */
export function describeOwnPostgresql(body: (server: () => PostgresqlServer) => void): void {
  const open = () => PostgresqlServer.open({ isDurable: true });
  describeServer('postgresql, durable', body, open, (server) => server.close());
}

/**
 * If no server is installed and none can be, the suite is skipped and its name says how to get it;
 * with `CI` set it fails.
 */
function describeServer<Server>(
  title: string,
  body: (server: () => Server) => void,
  open: () => Promise<Server>,
  close: (server: Server) => Promise<void> = async () => {},
): void {
  if (missing !== undefined && !process.env.CI) {
    describe.skip(`${title} (${missing})`, () => body(() => undefined as never));
    return;
  }
  describe(title, () => {
    let server: Server | undefined;
    beforeAll(async () => {
      if (missing !== undefined) throw new Error(missing);
      server = await open();
    });
    afterAll(async () => {
      if (server) await close(server);
    });
    body(() => server!);
  });
}
