/**
 * Fakes of the services, on this machine, which can be made to fail.
 * @module onlyhashes/testing
 */

export type { FakeReply, FakeRequest, FakeService, Fault } from './fake-service.js';
export { startFake } from './start-fake.js';
