/** Numbers of 16 bits, the high byte first. */
export const uint16 = (...values: number[]) => {
  const data = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => {
    data.writeUInt16BE(value & 0xffff, 2 * i);
  });
  return data;
};

/** Numbers of 32 bits, the high byte first. */
export const uint32 = (...values: number[]) => {
  const data = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    data.writeUInt32BE(value >>> 0, 4 * i);
  });
  return data;
};
