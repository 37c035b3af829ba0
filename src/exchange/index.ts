export type { BlocklistEntry } from '../entry.js';
export { joinLabels, writeCell } from './csv.js';
export { type ReadOptions, readHashList } from './hash-list.js';
export type {
  ListClient,
  ListedOpinion,
  ListedSignal,
  ListUpdate,
  ReadUpdatesOptions,
  UnknownWord,
  UpdateState,
  UpdatesPage,
} from './list-update.js';
export { PackedEntries } from './packed-entries.js';
export { readPackedEntries } from './packed-list.js';
export type { Fetch, FetchedReply, ServiceOptions } from './service-connection.js';
export { ServiceError, type ServiceErrorCode } from './service-error.js';
export {
  readStopNciiPage,
  STOP_NCII_FEEDBACK_VALUES,
  STOP_NCII_SIGNAL_TYPES,
  STOP_NCII_STATUSES,
  type StopNciiOpinion,
  type StopNciiPage,
  type StopNciiRecord,
  updateOfStopNcii,
  writeStopNciiPage,
} from './stop-ncii.js';
export {
  type PostOutcome,
  type StopNciiCheckpoint,
  StopNciiClient,
  type StopNciiKeys,
} from './stop-ncii-client.js';
export {
  readStopNciiFeedback,
  readStopNciiSubmission,
  type StopNciiFeedback,
  type StopNciiSubmission,
  writeStopNciiFeedback,
  writeStopNciiSubmission,
} from './stop-ncii-submission.js';
export {
  readTechAgainstTerrorismPage,
  TECH_AGAINST_TERRORISM_ALGORITHMS,
  TECH_AGAINST_TERRORISM_IDEOLOGIES,
  type TechAgainstTerrorismPage,
  type TechAgainstTerrorismRecord,
  updateOfTechAgainstTerrorism,
  writeTechAgainstTerrorismPage,
} from './tech-against-terrorism.js';
export {
  type TechAgainstTerrorismCheckpoint,
  TechAgainstTerrorismClient,
} from './tech-against-terrorism-client.js';
export type { TextSource } from './text.js';
export { readVpdq, type VpdqFrame, writeVpdqJson, writeVpdqText } from './vpdq.js';
export { type ListFormat, writeHashList } from './write-hash-list.js';
