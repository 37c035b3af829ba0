/**
 * The clients of the services that share lists of hashes.
 * @module onlyhashes/services
 */

export { HmaClient, type HmaOptions } from './hma/client.js';
export type { ListClient, ListUpdate, UpdatesPage } from './list-update.js';
export { NcmecClient, type NcmecOptions } from './ncmec/client.js';
export { OnlyhashesClient } from './onlyhashes/client.js';
export { ServiceError, type ServiceErrorCode } from './service-error.js';
export type { Clock, Fetch, ServiceOptions } from './service-options.js';
export { ShieldClient } from './shield/client.js';
export { StopNciiClient } from './stop-ncii/client.js';
export { TechAgainstTerrorismClient } from './tech-against-terrorism/client.js';
export { ThreatExchangeClient } from './threat-exchange/client.js';
