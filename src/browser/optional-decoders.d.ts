/** HEIC by libheif in WebAssembly; the package has no types. */
declare module 'heic-decode' {
  const decode: (file: { buffer: Uint8Array }) => Promise<{
    width: number;
    height: number;
    data: Uint8ClampedArray;
  }>;

  // biome-ignore lint/style/noDefaultExport: it has one
  export { decode as default };
}

/** TIFF; the package has no types. */
declare module 'utif2' {
  interface Directory {
    width: number;
    height: number;
    [tag: string]: unknown;
  }
  /** the directories of a file, by their tags: `t256` is the width */
  export function decode(file: ArrayBuffer): Directory[];
  /** decompresses a page into its directory */
  export function decodeImage(file: ArrayBuffer, page: Directory): void;
  export function toRGBA8(page: Directory): Uint8Array;
}
