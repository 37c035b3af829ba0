/**
 * Fakes of the services, on this machine, which can be told to fail.
 * @module onlyhashes/testing
 */

export { fakeHma } from './fake-hma.js';
export { fakeNcmec } from './fake-ncmec.js';
export {
  type FakeReply,
  type FakeRequest,
  type FakeService,
  type Fault,
  startFakeService,
} from './fake-service.js';
export { fakeShield } from './fake-shield.js';
export { fakeStopNcii } from './fake-stop-ncii.js';
export { fakeTechAgainstTerrorism } from './fake-tech-against-terrorism.js';
export { fakeThreatExchange } from './fake-threat-exchange.js';
