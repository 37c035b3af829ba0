/** A service on node:http with made-up entries. */
export interface ServeSetup {
  readonly program: 'serve';
  readonly entries: number;
  /** threads that search beside the one that answers */
  readonly workers: number;
}

/** A load of lookups, sent by a process of its own. */
export interface LoadSetup {
  readonly program: 'load';
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** requests a second; absent: as many as are answered */
  readonly rate?: number;
}

/** Of a load; each connection sends all of them in turn. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** in base64 */
  readonly body?: string;
}

/** How a load was answered. */
export interface Loaded {
  readonly requestsPerSecond: number;
  /** in milliseconds, from the sending of a request */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly answered: number;
  /** answers of another status than 2xx, and requests without an answer */
  readonly failed: number;
}

/** Seeds of the entries and of the questions that are none of them. */
export const ENTRY_SEED = 5;
export const QUERY_SEED = 77;
