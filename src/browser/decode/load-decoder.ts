import { DecodeError } from '../../errors.js';

let modules: WeakMap<Uint8Array, WebAssembly.Module> | undefined;

/**
 * A decoder in WebAssembly, compiled once.
 * @throws {DecodeError} `decoder-missing` if the page's policy does not allow it
 */
export async function compiled(wasm: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  modules ??= new WeakMap();
  const known = modules.get(wasm);
  if (known !== undefined) return known;
  try {
    const module = await WebAssembly.compile(wasm);
    modules.set(wasm, module);
    return module;
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      "expected a page whose policy allows WebAssembly: script-src 'wasm-unsafe-eval'",
      { cause },
    );
  }
}

/**
 * A fresh instance of a module that Emscripten made, one for each picture: an instance never
 * returns memory, and a new one of a compiled module takes less than a millisecond.
 * @param factory the script that belongs to `module`
 */
export function instantiated<T>(
  factory: (options?: never) => Promise<T>,
  module: WebAssembly.Module,
): Promise<T> {
  const options: EmscriptenOptions = {
    noInitialRun: true,
    // Otherwise it asks for the URL of its script, which a bundle may not know.
    locateFile: (name) => name,
    instantiateWasm(imports, callback) {
      const instance = new WebAssembly.Instance(module, imports);
      callback(instance);
      return instance.exports;
    },
  };
  return factory(options as never);
}

interface EmscriptenOptions {
  noInitialRun: boolean;
  locateFile(name: string): string;
  instantiateWasm(
    imports: WebAssembly.Imports,
    callback: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
}

/**
 * The error for an optional decoder that is not part of the page. Its `import()` has a separate
 * `try`, so that bundlers go on if the package is not installed.
 * @param format as people know it
 */
export function missingDecoder(name: string, format: string, cause?: unknown): DecodeError {
  return new DecodeError(
    'decoder-missing',
    `this browser reads no ${format}, and the optional package ${name} is not in this page: save the picture as JPEG or PNG`,
    cause === undefined ? undefined : { cause },
  );
}
