/** HEIC by libheif in WebAssembly; the package has no types. */
declare module 'heic-decode' {
  interface Decoded {
    width: number;
    height: number;
    data: Uint8ClampedArray<ArrayBuffer>;
  }
  /** a picture whose header has been read */
  interface Picture {
    width: number;
    height: number;
    decode(): Promise<Decoded>;
  }
  const decode: {
    (file: { buffer: Uint8Array }): Promise<Decoded>;
    all(file: { buffer: Uint8Array }): Promise<Picture[] & { dispose(): void }>;
  };

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
  /** the directories of a file, keyed by tag: `t256` is the width */
  export function decode(file: ArrayBuffer): Directory[];
  /** decompresses a page into its directory */
  export function decodeImage(file: ArrayBuffer, page: Directory): void;
  export function toRGBA8(page: Directory): Uint8Array;
}

/** The build embeds a `.wasm` file in the script that imports it, as bytes. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;

  // biome-ignore lint/style/noDefaultExport: it has one
  export { bytes as default };
}
