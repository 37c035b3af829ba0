import { CLAMD_OPTIONS } from '../../src/server/clamd/clamd.js';
import { HMA_ROUTE_OPTIONS } from '../../src/server/hma/routes.js';
import { END_SERVERS_OPTIONS } from '../../src/server/http/end-servers.js';
import { SERVICE_OPTIONS } from '../../src/server/service.js';
import { REQUEST_SCAN_OPTIONS } from '../../src/server/uploads/scan.js';
import { SCAN_OPTIONS } from '../../src/server/uploads/scanner.js';
import {
  callback,
  flag,
  member,
  members,
  number,
  optional,
  options,
  record,
  strict,
  text,
  whole,
  words,
} from './argument.js';
import { type Doors, entryOf } from './exam.js';
import { by, LIST, POOL } from './values.js';

const reviewed = { to: text, maxRejectedDistance: whole };
const FEEDBACK_CLIENT = { submitFeedback() {}, findFeedback() {}, sendFeedback() {} };
export const server = (await entryOf('server')) as typeof import('../../src/server/index.js');

export const SERVER_DOORS: Doors = {
  NODE_LIMITS: 'constant',
  UploadRefused: 'class of errors',
  createService: [
    by(
      SERVICE_OPTIONS,
      { blocklist: LIST, pool: POOL },
      { blocklist: member(LIST, 'promise'), hma: by(HMA_ROUTE_OPTIONS) },
    ),
  ],
  tokenHash: [member('a-token-of-many-characters', 'text')],
  createClamdListener: [by(CLAMD_OPTIONS, { blocklist: LIST }), callback],
  createNodeListener: [member(() => new Response(), 'function'), callback],
  endServers: [member([], '[]'), by(END_SERVERS_OPTIONS)],
  createUploadScanner: [by(SCAN_OPTIONS, { blocklist: LIST })],
  scan: [by(REQUEST_SCAN_OPTIONS, { blocklist: LIST })],
  StoreError: 'class of errors',
  openStore: [
    members({ dataDir: undefined }, { dataDir: optional(text) }),
    strict({ schema: member('onlyhashes'), bands: flag }),
  ],
  stopNciiFeedback: [
    member(FEEDBACK_CLIENT),
    record({
      company: text,
      lookBackSeconds: optional(number),
      to: optional(text),
      maxRejectedDistance: optional(whole),
      tags: optional(words),
    }),
  ],
  ncmecFeedback: [
    member(FEEDBACK_CLIENT),
    options({ ...reviewed, environment: member('npo'), reasonIds: words }),
  ],
};
