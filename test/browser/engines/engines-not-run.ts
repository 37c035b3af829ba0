import { missingEngines } from './install.js';

/**
 * Prints the last line of a browser test run that left out engines. vitest calls it after its
 * summary.
 */
export function teardown(): void {
  const missing = missingEngines();
  if (missing.length === 0 || process.env.CI) return;
  console.log(
    `engines not run: ${missing.join(', ')} (npm run test:engines installs them on Debian, as root)`,
  );
}
