import { blockhash } from '../../src/hashing/blockhash.js';
import { rival } from '../rivals.js';
import { broughtHash, type Peer } from './brought.js';

type SharpPhash = (data: Uint8Array, options: object) => Promise<string>;

/**
 * sharp-phash at 4 bits, since its README takes two pictures for the same below 5, and at 10, which
 * its users take as well; blockhash of 256 bits at 10, as in the policy of this library (its authors
 * use single digits), and at 16, where that policy reviews; and the hash that was brought.
 */
export const PEERS: readonly Peer[] = [
  {
    name: 'sharp-phash',
    thresholds: [4, 10],
    async hash({ data, width, height }) {
      const phash = await rival<SharpPhash>('sharp-phash');
      if (phash === undefined) return undefined;
      const bits = await phash(data, { raw: { width, height, channels: 3 } });
      return Uint8Array.from({ length: 8 }, (_, at) =>
        Number.parseInt(bits.slice(8 * at, 8 * at + 8), 2),
      );
    },
  },
  {
    name: 'blockhash 256',
    thresholds: [10, 16],
    hash: async (raster) => blockhash(raster, { bits: 256 }).hash.bytes,
  },
  ...(await broughtHash()),
];
