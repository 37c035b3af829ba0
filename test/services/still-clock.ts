import type { Clock } from '../../src/services/service-options.js';

/** A clock on which no wait takes time, by a function of seconds since 1970. */
export const stillClock = (seconds: () => number): Clock => ({
  now: () => seconds() * 1000,
  wait: async () => {},
});
