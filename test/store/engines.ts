import { afterAll, beforeAll, describe } from 'vitest';
import { PostgresqlServer, postgresqlMissing } from './sql/postgresql.js';

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

/** A suite that runs on both engines: embedded, and on a PostgreSQL server of its own. */
export function describeEngines(body: (running: Running) => void): void {
  describe('pglite', () => body(EMBEDDED));
  describePostgresql((server) => {
    body({
      engine: 'postgresql',
      newPlace: async () => ({ url: await server().newDatabase() }),
    });
  });
}

/**
 * A suite on a PostgreSQL server, which starts before it and is gone after it. If none is installed
 * and cannot be, the suite is skipped and its name says how to get it; with `CI` set it fails.
 */
export function describePostgresql(
  body: (server: () => PostgresqlServer) => void,
  { title = 'postgresql', isDurable = false } = {},
): void {
  if (missing !== undefined && !process.env.CI) {
    describe.skip(`${title} (${missing})`, () => body(() => undefined as never));
    return;
  }
  describe(title, () => {
    let server: PostgresqlServer | undefined;
    beforeAll(async () => {
      if (missing !== undefined) throw new Error(missing);
      server = await PostgresqlServer.open({ isDurable });
    });
    afterAll(async () => {
      await server?.close();
    });
    body(() => server!);
  });
}
