/**
 * Lists of hashes as files, and the clients of the services that share them.
 * @module onlyhashes/exchange
 */

export type { BlocklistEntry, Opinion } from '../entry.js';
export { PackedEntries } from '../packed-entries.js';
export type { Clock } from './clock.js';
export { joinLabels, writeCell } from './csv.js';
export { type ReadOptions, readHashList } from './hash-list.js';
export type { HmaBank, HmaContent, HmaMatch } from './hma.js';
export { type HmaCheckpoint, HmaClient, type HmaOptions } from './hma-client.js';
export type {
  ListClient,
  ListedSignal,
  ListUpdate,
  ReadUpdatesOptions,
  UnknownWord,
  UpdateState,
  UpdatesPage,
} from './list-update.js';
export type {
  NcmecEntry,
  NcmecFeedback,
  NcmecFingerprint,
  NcmecMember,
  NcmecReason,
  NcmecStatus,
  NcmecVote,
} from './ncmec.js';
export { NCMEC_LISTS, type NcmecList } from './ncmec.js';
export {
  type NcmecCheckpoint,
  NcmecClient,
  type NcmecCredentials,
  type NcmecOptions,
} from './ncmec-client.js';
export { OnlyhashesClient, type OnlyhashesOptions } from './onlyhashes-client.js';
export { readPackedEntries } from './packed-list.js';
export type { RemoteAnswer, RemoteHit, RemoteMatcher } from './remote-matcher.js';
export type { Fetch, FetchedReply, ServiceOptions } from './service-connection.js';
export { ServiceError, type ServiceErrorCode } from './service-error.js';
export {
  ShieldClient,
  type ShieldCredentials,
  type ShieldMatch,
  type ShieldOptions,
} from './shield-client.js';
export type {
  StopNciiFeedback,
  StopNciiOpinion,
  StopNciiRecord,
  StopNciiSubmission,
} from './stop-ncii.js';
export {
  type PostOutcome,
  type StopNciiCheckpoint,
  StopNciiClient,
  type StopNciiKeys,
} from './stop-ncii-client.js';
export type { TechAgainstTerrorismRecord } from './tech-against-terrorism.js';
export {
  type TechAgainstTerrorismCheckpoint,
  TechAgainstTerrorismClient,
} from './tech-against-terrorism-client.js';
export type { TextSource } from './text.js';
export type { ThreatDescriptor, ThreatReaction, ThreatUpdate } from './threat-exchange.js';
export {
  type ThreatExchangeCheckpoint,
  ThreatExchangeClient,
  type ThreatExchangeCredentials,
  type ThreatExchangeOptions,
} from './threat-exchange-client.js';
export { readVpdq, type VpdqFrame, writeVpdqJson, writeVpdqText } from './vpdq.js';
export { type ListFormat, writeHashList } from './write-hash-list.js';
