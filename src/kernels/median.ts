/**
 * The lower median: the value at place (length - 1) >> 1 of the ascending order (the 128th smallest of 256), by
 * quickselect. No NaN; -0 and 0 are equal.
 * @param values only read
 * @param scratch as long as `values`; overwritten
 */
export function lowerMedian(values: Float64Array, scratch: Float64Array): number {
  scratch.set(values);
  const place = (scratch.length - 1) >> 1;
  let low = 0;
  let high = scratch.length - 1;
  while (low < high) {
    // Hoare's partition; the middle as the pivot, so that sorted and equal values are split in halves.
    const pivot = scratch[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (scratch[i]! < pivot) i++;
      while (scratch[j]! > pivot) j--;
      if (i <= j) {
        const value = scratch[i]!;
        scratch[i++] = scratch[j]!;
        scratch[j--] = value;
      }
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return scratch[place]!;
}
