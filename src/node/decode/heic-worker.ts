import { parentPort } from 'node:worker_threads';
import type { HeicAnswer, HeicTask } from './decode-heic.js';

// The program of one thread of `decodeHeic`: the decoder holds its thread for seconds. It prints
// warnings about a file, which would end up among the lines of the user's program.
for (const way of ['log', 'warn', 'error'] as const) console[way] = () => {};
parentPort?.on('message', async (task: HeicTask) => {
  const answer = await answerTo(task);
  parentPort?.postMessage(answer, 'data' in answer ? [answer.data.buffer] : []);
});
parentPort?.postMessage('ready');

async function answerTo({ bytes, maxPixels }: HeicTask): Promise<HeicAnswer> {
  let decode: typeof import('heic-decode').default;
  try {
    decode = (await import('heic-decode')).default;
  } catch (cause) {
    return { code: 'decoder-missing', cause };
  }
  try {
    const pictures = await decode.all({ buffer: bytes });
    try {
      const picture = pictures[0]!;
      // From the header: nothing is decoded yet.
      const pixels = picture.width * picture.height;
      if (pixels > maxPixels) return { code: 'too-many-pixels' };
      if (pixels === 0) return { code: 'corrupt' };
      return await picture.decode();
    } finally {
      pictures.dispose();
    }
  } catch (cause) {
    return { code: 'corrupt', cause };
  }
}
