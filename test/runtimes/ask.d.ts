/** What is sent to the server. */
export interface Asking {
  readonly pictures: readonly { readonly base64: string; readonly pdq: string }[];
  /** a JPEG, in base64 */
  readonly photo: string;
  readonly token: string;
}

export function ask(url: string, asking: Asking): Promise<Record<string, unknown>>;
export function breakOff(port: number, path: string, body: Uint8Array): Promise<void>;
