/**
 * The page's policy, which its Workers inherit: no script and no style but those of this file, by their digest, and no
 * connection, frame, form or other resource at all. WebAssembly may be compiled, for the decoders.
 */
export function policyOf(scriptDigest: string, styleDigest: string): string {
  return [
    "default-src 'none'",
    `script-src 'sha256-${scriptDigest}' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    "connect-src 'none'",
    'img-src blob:',
    'media-src blob:',
    `style-src 'sha256-${styleDigest}'`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** What the page is served with, beside its type: the policy as a header, and that nothing is kept or told. */
export function headersOf(policy: string): Record<string, string> {
  return {
    'content-security-policy': `${policy}; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), payment=()',
  };
}
