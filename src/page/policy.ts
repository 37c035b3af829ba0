/**
 * The page's policy, which its frame and its Workers inherit. It allows the scripts and the style
 * of this file by their digests, and no connection, form or other resource at all. WebAssembly may
 * be compiled, for the decoders. A frame may load a blob, because Firefox treats a link that saves
 * a blob as one that opens it.
 * @param connections targets of requests, for the shell of a page that sends
 */
export function policyOf(
  scriptDigests: readonly string[],
  styleDigest: string,
  connections = "'none'",
): string {
  const scripts = scriptDigests.map((digest) => `'sha256-${digest}'`).join(' ');
  return [
    "default-src 'none'",
    `script-src ${scripts} 'wasm-unsafe-eval'`,
    'worker-src blob:',
    `connect-src ${connections}`,
    'img-src blob:',
    'media-src blob:',
    'frame-src blob:',
    `style-src 'sha256-${styleDigest}'`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * Targets of requests in the file of the page that sends. No file can name the service that will
 * serve it, and `'self'` matches nothing in a sandboxed page of WebKit. So the shell narrows this
 * to the service before it does anything else: see `allowOnlyService`. Its frame allows nothing.
 */
export const ANY_SERVICE = 'http: https:';

/**
 * Permissions of the page although it is sandboxed: run its script, save a file, print, have the
 * browser ask before an unsaved file is lost, and open a link in a tab outside the sandbox.
 * Everything else is forbidden: site storage, identity, and navigating the tab elsewhere.
 */
export const SANDBOX =
  'allow-scripts allow-downloads allow-modals allow-popups allow-popups-to-escape-sandbox';

/** Features that a browser lets a page request. This page never does. */
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
 * Response headers for the page, besides its type. They repeat its policy, add the sandbox that a
 * meta element cannot set, and forbid storing and referrers.
 *
 * Two headers are omitted. Cross-Origin-Opener-Policy: HTML turns it into a network error for a
 * sandboxed page, and Firefox adds a history entry for each reload. Connection-Allowlist (Chromium
 * only): it would have to list the targets of the links and the exit, redirects included, which
 * other people can change. A missing target shows an error page with this page's address.
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
