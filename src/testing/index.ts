export {
  type FakeReply,
  type FakeRequest,
  type FakeService,
  type Fault,
  type FaultOptions,
  startFakeService,
} from './fake-service.js';
