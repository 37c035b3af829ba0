import type { GAPS } from '../../../src/page/parts/parts.js';

/**
 * The gaps that the page admits, each with its channels in the exfiltration test. The page,
 * docs/page.md and the measurements are checked against this list.
 */
export const STATED_GAPS: Record<(typeof GAPS)[number], readonly string[]> = {
  gapWebrtc: ['stun', 'turn', 'dnsstun'],
  gapNames: ['dnsprefetch', 'dnspreconnect'],
  gapConnection: ['preconnect'],
  // In WebKitGTK, a link that may not navigate this tab opens a window.
  gapWindow: ['window', 'topLink', 'connection'],
};
