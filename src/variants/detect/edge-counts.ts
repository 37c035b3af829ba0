import { beside, kernelsOf } from '../../kernels/simd/arena.js';
import { EDGE_KERNELS } from '../../kernels/simd/edges.js';
import { shared, type WorkingPlane } from '../working-plane.js';

/** A step of luma this large is an edge. */
const STEP = 9;
/** Resolution of a step of luma. */
const FINE = 2 ** 16;

/**
 * Running counts of edge pixels along each line of one direction, both borders included. The count
 * from one pixel of a line to another is `sums[line · step + to · along] - sums[line · step + from
 * · along]`.
 */
export interface EdgeCounts {
  readonly sums: Uint16Array;
  readonly step: number;
  readonly along: number;
  readonly lines: number;
}

/** The edges of a plane along its rows and along its columns. */
export const edgeCounts = /* @__PURE__ */ shared(countEdges);

function countEdges({ luma, width, height }: WorkingPlane) {
  const stride = width + 1;
  // Both row-major, with one row and one column more than the picture: a line's count starts at 0.
  const rows = beside(luma, Uint16Array, stride * (height + 1));
  const columns = beside(luma, Uint16Array, stride * (height + 1));
  const counted = {
    rows: { sums: rows, step: stride, along: 1, lines: height + 1 },
    columns: { sums: columns, step: 1, along: stride, lines: width + 1 },
  };
  const step = (STEP * FINE) | 0;
  const kernels = kernelsOf(luma, EDGE_KERNELS, rows, columns);
  if (kernels) {
    const [of, to, toColumns] = [luma.byteOffset, rows.byteOffset, columns.byteOffset];
    kernels.countEdges(of, width, height, to, toColumns, step);
    rows.fill(0, height * stride);
    return counted;
  }
  const above = new Int32Array(width);
  const counts = new Int32Array(width);
  for (let x = 0; x < width; x++) above[x] = luma[x]! * FINE;
  for (let y = 0, at = 0; y < height; y++) {
    let to = y * stride;
    let count = 0;
    let before = (luma[at]! * FINE) | 0;
    for (let x = 0; x < width; x++, at++, to++) {
      const value = (luma[at]! * FINE) | 0;
      const down = (value - above[x]!) | 0;
      const across = (value - before) | 0;
      above[x] = value;
      before = value;
      // True if it is beyond the step either way, as a sign and without a branch.
      count = (count + (((step - down) | (step + down)) >>> 31)) | 0;
      rows[to + 1] = count;
      const below = (counts[x]! + (((step - across) | (step + across)) >>> 31)) | 0;
      counts[x] = below;
      columns[to + stride] = below;
    }
  }
  return counted;
}

/** Share of edge pixels of a line between two of its pixels. */
export const support = (
  { sums, step, along }: EdgeCounts,
  line: number,
  from: number,
  to: number,
) => (sums[line * step + to * along]! - sums[line * step + from * along]!) / (to - from);
