/** The first `keep` x `keep` coefficients of a square's DCT-II by its definition, vertical frequencies in rows. */
export function naiveDct(square: ArrayLike<number>, size: number, keep: number): number[] {
  const wave = (k: number, n: number) => Math.cos((Math.PI * k * (n + 0.5)) / size);
  return Array.from({ length: keep * keep }, (_, i) => {
    const [down, across] = [Math.floor(i / keep), i % keep];
    let sum = 0;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) sum += square[y * size + x]! * wave(down, y) * wave(across, x);
    }
    return sum;
  });
}
