/**
 * Fakes of the services, on this machine, which can be told to fail.
 * @module onlyhashes/testing
 */

export {
  type FakeReply,
  type FakeRequest,
  type FakeService,
  type Fault,
  startFakeService,
} from './fake-service.js';
export { fakeHma } from './hma/fake.js';
export { fakeNcmec } from './ncmec/fake.js';
export { fakeShield } from './shield/fake.js';
export { fakeStopNcii } from './stop-ncii/fake.js';
export { fakeTechAgainstTerrorism } from './tech-against-terrorism/fake.js';
export { fakeThreatExchange } from './threat-exchange/fake.js';
