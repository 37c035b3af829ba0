/**
 * The page's policy, which its frame and its Workers inherit: no script and no style but those of this file, by their
 * digests, and no connection, form or other resource at all. WebAssembly may be compiled, for the decoders. A frame may
 * be of a blob, since Firefox takes a link that saves a blob for one that opens it.
 */
export function policyOf(scriptDigests: readonly string[], styleDigest: string): string {
  const scripts = scriptDigests.map((digest) => `'sha256-${digest}'`).join(' ');
  return [
    "default-src 'none'",
    `script-src ${scripts} 'wasm-unsafe-eval'`,
    'worker-src blob:',
    "connect-src 'none'",
    'img-src blob:',
    'media-src blob:',
    'frame-src blob:',
    `style-src 'sha256-${styleDigest}'`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * What the page may do that a sandbox forbids: run its script, save a file, and open a link in a tab that is as free as
 * any. All else is closed: what a browser stores for a site, identity, and leading the tab elsewhere.
 */
export const SANDBOX = 'allow-scripts allow-downloads allow-popups allow-popups-to-escape-sandbox';

/** What a browser lets a page ask for, and this one never does. */
const DENIED = [
  ...['accelerometer', 'ambient-light-sensor', 'attribution-reporting', 'autoplay', 'bluetooth'],
  ...['browsing-topics', 'camera', 'compute-pressure', 'display-capture', 'encrypted-media'],
  ...['fullscreen', 'gamepad', 'geolocation', 'gyroscope', 'hid', 'identity-credentials-get'],
  ...['idle-detection', 'keyboard-map', 'local-fonts', 'magnetometer', 'microphone', 'midi'],
  ...['otp-credentials', 'payment', 'picture-in-picture', 'publickey-credentials-create'],
  ...['publickey-credentials-get', 'screen-wake-lock', 'serial', 'storage-access', 'usb'],
  ...['web-share', 'window-management', 'xr-spatial-tracking'],
];

/**
 * What the page is served with, beside its type: its policy as a header, with the sandbox that no meta can ask for, and
 * that nothing is kept or told.
 *
 * Two headers are left out. Cross-Origin-Opener-Policy: with a sandbox HTML wants a network error in place of the page,
 * and Firefox takes each reload for another entry of the history. Connection-Allowlist (Chromium alone): it has to list
 * where links and the exit lead, redirects included, and those are other people's to change. A target that is missing
 * shows an error page with this page's address.
 */
export function headersOf(policy: string): Record<string, string> {
  return {
    'content-security-policy': `${policy}; frame-ancestors 'none'; sandbox ${SANDBOX}`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': DENIED.map((feature) => `${feature}=()`).join(', '),
  };
}
