import { checkPixelReadback, hashImageFile } from '../browser/index.js';
import type { HashedImage } from '../index.js';
import { createBlocklist, type Decision } from '../matching/index.js';
import {
  COPY_NAMES,
  type CopiesReply,
  type CopiesRequest,
  type CopyName,
} from './copies-message.js';
import { copiesUrl, hasherUrl } from './worker-urls.js';

/** A changed copy, and what the library's default policy says of it to who has the picture's hash. */
export interface MeasuredCopy {
  readonly name: CopyName;
  readonly verdict: Decision['verdict'];
}

let worker: Worker | undefined;
/** The Worker makes one thing at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Changed copies of a picture, made in a Worker, each hashed and looked up as one who has the picture's own hash would.
 * @returns `unmeasured` where the browser does not give back the pixels it draws, cannot draw this picture, or lets no
 *   Worker read a blob (WebKitGTK on a file: page)
 */
export async function measureCopies(
  file: Blob,
  picture: HashedImage,
): Promise<readonly MeasuredCopy[] | 'unmeasured'> {
  try {
    if (!(await drawsExactly())) return 'unmeasured';
    const reply = await ask(file, 'copies');
    if (!('copies' in reply)) return 'unmeasured';
    const { hash, quality } = picture;
    const list = createBlocklist([{ hash, labels: [], ...(quality !== undefined && { quality }) }]);
    const measured: MeasuredCopy[] = [];
    for (const name of COPY_NAMES) {
      const copy = new Blob([reply.copies[name]], { type: 'image/jpeg' });
      const image = await hashImageFile(copy, { workerUrl: hasherUrl(), variants: 'none' });
      measured.push({ name, verdict: list.decide(image).verdict });
    }
    return measured;
  } catch {
    return 'unmeasured';
  }
}

/** A PNG of the picture that shows colours and no more, or `undefined` where the browser cannot draw it. */
export async function blurredView(file: Blob): Promise<Blob | undefined> {
  try {
    if (!(await drawsExactly())) return undefined;
    const reply = await ask(file, 'blurred');
    return 'blurred' in reply ? new Blob([reply.blurred], { type: 'image/png' }) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the browser gives back the pixels that it draws: some change them, against tracking. */
const drawsExactly = async () => (await checkPixelReadback({ workerUrl: hasherUrl() })) === 'exact';

/** Ends the Worker that makes copies, and lets go of what it holds. */
export function endCopies(): void {
  worker?.terminate();
  worker = undefined;
  turn = Promise.resolve();
}

async function ask(file: Blob, wanted: CopiesRequest['wanted']): Promise<CopiesReply> {
  const answer = turn.then(async () => {
    const bytes = await file.arrayBuffer();
    return await post({ bytes, wanted });
  });
  turn = answer.catch(() => {});
  return answer;
}

function post(request: CopiesRequest): Promise<CopiesReply> {
  worker ??= new Worker(copiesUrl());
  const asked = worker;
  return new Promise((resolve, reject) => {
    asked.onmessage = ({ data }: MessageEvent<CopiesReply>) => resolve(data);
    asked.onerror = () => reject(new Error('the Worker does not run'));
    asked.postMessage(request, [request.bytes]);
  });
}
