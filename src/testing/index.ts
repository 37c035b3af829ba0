export {
  type FakeReply,
  type FakeRequest,
  type FakeService,
  type Fault,
  type FaultOptions,
  startFakeService,
} from './fake-service.js';
export { type FakeStopNcii, type FakeStopNciiOptions, fakeStopNcii } from './fake-stop-ncii.js';
export {
  type FakeTechAgainstTerrorism,
  type FakeTechAgainstTerrorismOptions,
  fakeTechAgainstTerrorism,
} from './fake-tech-against-terrorism.js';
