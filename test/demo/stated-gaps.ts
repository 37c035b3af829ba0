import type { GAPS } from '../../src/demo/parts.js';

/**
 * What the page says that its policy does not close, and the channels of the exfiltration test that this is: the one list
 * against which the page, the README and what is measured are held.
 */
export const STATED_GAPS: Record<(typeof GAPS)[number], readonly string[]> = {
  gapWebrtc: ['stun', 'turn', 'dnsstun'],
  gapNames: ['dnsprefetch', 'dnspreconnect'],
  gapConnection: ['preconnect'],
  // A link that may not lead this tab elsewhere opens a window in WebKitGTK.
  gapWindow: ['window', 'topLink', 'connection'],
};
