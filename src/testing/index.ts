/**
 * Fakes of the services, on this machine, which can be told to fail.
 * @module onlyhashes/testing
 */

export { type FakeHma, type FakeHmaOptions, fakeHma } from './fake-hma.js';
export {
  type FakeNcmec,
  type FakeNcmecOptions,
  type FakeNcmecVote,
  fakeNcmec,
} from './fake-ncmec.js';
export {
  type FakeReply,
  type FakeRequest,
  type FakeService,
  type Fault,
  type FaultOptions,
  startFakeService,
} from './fake-service.js';
export { type FakeShield, type FakeShieldOptions, fakeShield } from './fake-shield.js';
export { type FakeStopNcii, type FakeStopNciiOptions, fakeStopNcii } from './fake-stop-ncii.js';
export {
  type FakeTechAgainstTerrorism,
  type FakeTechAgainstTerrorismOptions,
  fakeTechAgainstTerrorism,
} from './fake-tech-against-terrorism.js';
export {
  type FakeThreatExchange,
  type FakeThreatExchangeOptions,
  fakeThreatExchange,
} from './fake-threat-exchange.js';
