import { checkPixelReadback, hashImageFile } from '../browser/index.js';
import { distance, type HashedImage } from '../index.js';
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
  readonly verdict: 'match' | 'review' | 'none';
}

const MATCH_DISTANCE = 31;
const REVIEW_DISTANCE = 60;
/** Below this quality a match means little: the policy never matches such a hash by itself. */
export const WEAK_QUALITY = 50;

let worker: Worker | undefined;
/** The Worker makes one thing at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Changed copies of a picture, made in a Worker, each hashed and compared with the picture's own hash.
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
    const measured: MeasuredCopy[] = [];
    for (const name of COPY_NAMES) {
      const copy = new Blob([reply.copies[name]], { type: 'image/jpeg' });
      const image = await hashImageFile(copy, { workerUrl: hasherUrl(), variants: 'none' });
      measured.push({ name, verdict: verdictOf(picture, image) });
    }
    return measured;
  } catch {
    return 'unmeasured';
  }
}

function verdictOf(picture: HashedImage, copy: HashedImage): MeasuredCopy['verdict'] {
  const away = distance(picture.hash, copy.hash);
  if (away > REVIEW_DISTANCE) return 'none';
  const quality = Math.min(picture.quality ?? 0, copy.quality ?? 0);
  return away > MATCH_DISTANCE || quality < WEAK_QUALITY ? 'review' : 'match';
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
