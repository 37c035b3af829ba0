/**
 * Lists of hashes as files, and the clients of the services that share them.
 * @module onlyhashes/exchange
 */

export type { Clock } from './clock.js';
export { writeCell } from './csv.js';
export { type ReadOptions, readHashList } from './hash-list.js';
export { HmaClient, type HmaOptions } from './hma-client.js';
export type { ListClient, ListUpdate, UpdatesPage } from './list-update.js';
export { NCMEC_LISTS } from './ncmec.js';
export { NcmecClient } from './ncmec-client.js';
export { OnlyhashesClient } from './onlyhashes-client.js';
export type { Fetch, ServiceOptions } from './service-connection.js';
export { ServiceError, type ServiceErrorCode } from './service-error.js';
export { ShieldClient } from './shield-client.js';
export { StopNciiClient } from './stop-ncii-client.js';
export { TechAgainstTerrorismClient } from './tech-against-terrorism-client.js';
export { ThreatExchangeClient } from './threat-exchange-client.js';
export { readVpdq, type VpdqFrame, writeVpdq } from './vpdq.js';
export { type ListFormat, writeHashList } from './write-hash-list.js';
