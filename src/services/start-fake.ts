import { checkNoOptions, checkOneOf } from '../door.js';
import { type Answer, type FakeService, startFakeService } from './fake-service.js';
import { type FakeHma, type FakeHmaOptions, fakeHma } from './hma/fake.js';
import { type FakeNcmec, type FakeNcmecOptions, fakeNcmec } from './ncmec/fake.js';
import { type FakeShield, type FakeShieldOptions, fakeShield } from './shield/fake.js';
import { type FakeStopNcii, type FakeStopNciiOptions, fakeStopNcii } from './stop-ncii/fake.js';
import {
  type FakeTechAgainstTerrorism,
  type FakeTechAgainstTerrorismOptions,
  fakeTechAgainstTerrorism,
} from './tech-against-terrorism/fake.js';
import {
  type FakeThreatExchange,
  type FakeThreatExchangeOptions,
  fakeThreatExchange,
} from './threat-exchange/fake.js';

/** Options and type of each fake, by the service's name in a CONFIG. */
export interface Fakes {
  hma: [FakeHmaOptions, FakeHma];
  ncmec: [FakeNcmecOptions, FakeNcmec];
  shield: [FakeShieldOptions, FakeShield];
  stopncii: [FakeStopNciiOptions, FakeStopNcii];
  techagainstterrorism: [FakeTechAgainstTerrorismOptions, FakeTechAgainstTerrorism];
  threatexchange: [FakeThreatExchangeOptions, FakeThreatExchange];
}

const FAKES: { [Name in keyof Fakes]: (options?: Fakes[Name][0]) => Promise<Fakes[Name][1]> } = {
  hma: fakeHma,
  ncmec: fakeNcmec,
  shield: fakeShield,
  stopncii: fakeStopNcii,
  techagainstterrorism: fakeTechAgainstTerrorism,
  threatexchange: fakeThreatExchange,
};

/**
 * Starts the fake of a service on a free port of the loopback address. Real HTTP, so that a
 * client's timeouts, retries and limits are tested for real.
 * @param name `'hma'`, `'ncmec'`, `'shield'`, `'stopncii'`, `'techagainstterrorism'` or
 *   `'threatexchange'`, which sets the type of the options and of the fake
 * @param options of the fake of that name, such as its page size
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const service = await startFake('stopncii', { maxPageSize: 3 });
 * service.fail({ kind: 'status', status: 503 }, { times: 2 });
 * await service.close();
 */
export async function startFake<Name extends keyof Fakes>(
  name: Name,
  options?: Fakes[Name][0],
): Promise<Fakes[Name][1]>;
/**
 * Starts a service of your own on a free port of the loopback address.
 * @param answer handles each request: an error it throws is answered with 500
 * @throws {TypeError} if `answer` is not a function
 */
export async function startFake(answer: Answer): Promise<FakeService>;
export async function startFake(
  name: keyof Fakes | Answer,
  options?: object,
): Promise<FakeService> {
  if (typeof name === 'function') {
    checkNoOptions(options);
    return await startFakeService(name);
  }
  checkOneOf('name', name, Object.keys(FAKES));
  return await FAKES[name](options);
}
