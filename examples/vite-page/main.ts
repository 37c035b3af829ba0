import { DecodeError, hashToHex } from 'onlyhashes';
import { hash } from 'onlyhashes/browser';

const input = document.querySelector('input')!;
const output = document.querySelector('output')!;
/** Ends the hashing of the picture that was chosen before. */
let before = new AbortController();

input.addEventListener('change', async () => {
  before.abort();
  before = new AbortController();
  const { signal } = before;
  const file = input.files?.[0];
  if (!file) return;
  output.textContent = 'Hashing…';
  try {
    const { hash: found, quality } = await hash(file, {
      exact: true,
      timeoutSeconds: 30,
      signal,
    });
    const isPlain = quality !== undefined && quality < 50;
    const note = isPlain ? ': too plain for a meaningful hash' : '';
    output.textContent = `${hashToHex(found)}, quality ${quality}${note}`;
  } catch (error) {
    if (signal.aborted) return;
    const isOfFile = error instanceof DecodeError;
    output.textContent = isOfFile ? `No hash (${error.code}): ${error.message}` : 'No hash.';
    if (!isOfFile) throw error;
  }
});
