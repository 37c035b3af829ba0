import { missingEngines } from './install.js';

/** The last line of a run of the browser tests that left engines out: vitest calls this after its summary. */
export function teardown(): void {
  const missing = missingEngines();
  if (missing.length === 0 || process.env.CI) return;
  console.log(
    `engines not run: ${missing.join(', ')} (npm run test:engines installs them on Debian, as root)`,
  );
}
