/** The build puts a `.wasm` file into the script that imports it, as bytes. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;

  // biome-ignore lint/style/noDefaultExport: it has one
  export { bytes as default };
}
