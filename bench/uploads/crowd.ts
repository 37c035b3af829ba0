import { setTimeout } from 'node:timers/promises';
import { digits, median } from '../race.js';
import { load, slowClients } from './load.js';
import { mixOf } from './pictures.js';
import { checkAnswer, outcomeOf, scanOf, type UploadPart, waysOf } from './run.js';

const MOST_MEGABYTES = { atMost: 600 };
const NONE = { atMost: 0 };
const LEAST_BESIDE_SLOW = { atLeast: 0.9 };
/** Slow clients are there before the others come. */
const SLOW_AHEAD_MILLISECONDS = 500;
/** How much longer than alone the others wait. */
const PATIENCE = 3;
/** How many may wait where it is to be seen that more are sent away. */
const SHORT_QUEUE = 0.25;

/** Uploads of 30 MB, all at once: the memory they take, and that none is lost. */
export const memoryPart: UploadPart = async (run) => {
  const { context, files, scale } = run;
  const heavy = await files.heavy();
  const uploads = Array.from({ length: scale.heavy }, (_, i) => heavy[i % heavy.length]!);
  const rows: { name: string; [outcome: string]: number | string | undefined }[] = [];
  const queues = { 'room for all': 2 * scale.heavy, 'a short queue': scale.heavy * SHORT_QUEUE };
  for (const [name, maxQueued] of Object.entries(queues)) {
    const server = await run.startScanning({ maxQueued: Math.ceil(maxQueued) });
    try {
      // The workers have decoded before, so that what they keep for themselves is there.
      await load(scanOf(server, 'thorough'), mixOf(files, 2 * CALM), CALM);
      const idle = server.residentBytes;
      const [{ answers, seconds }, fared] = await server.during(() =>
        load(scanOf(server, 'thorough'), uploads, uploads.length),
      );
      const count = (outcome: string) =>
        answers.filter(({ answer }) => outcomeOf(answer) === outcome).length;
      const { peakBytes } = fared;
      const over =
        idle === undefined || peakBytes === undefined ? undefined : (peakBytes - idle) / 1e6;
      rows.push({
        name,
        seconds,
        decided: count('none'),
        unhashable: count('unhashable'),
        busy: count('busy'),
        lost: count('lost'),
        idleMegabytes: idle && idle / 1e6,
        overIdleMegabytes: over,
        healthP99: fared.health.p99,
      });
      const of = `${scale.heavy} uploads of ${digits(scale.sizes.heavyBytes / 1e6)} MB, ${name}`;
      context.figure(`${of}: peak memory over idle, MB`, over, MOST_MEGABYTES);
      context.figure(`${of}: uploads lost`, count('lost'), NONE);
      if (maxQueued < scale.heavy) {
        context.figure(`${of}: told busy`, count('busy'), { atLeast: 1 });
        context.figure(`${of}: neither decided nor told busy`, count('unhashable'), NONE);
      } else context.figure(`${of}: decided`, count('none'), { atLeast: scale.heavy });
    } finally {
      await server.end();
    }
  }
  context.table(
    `${scale.heavy} uploads of ${digits(scale.sizes.heavyBytes / 1e6)} MB at once, thorough`,
    rows,
  );
  return rows;
};

/** Uploads at once before anything is measured. */
const CALM = 8;

/** Clients that hardly send, beside those that do. */
export const slowPart: UploadPart = async (run) => {
  const { files, scale, context } = run;
  const plain = waysOf(run)[1]!;
  const clients = Math.ceil(scale.clients / 2);
  const mix = mixOf(files, Math.ceil(scale.uploads / 2));
  /** Uploads a second that were answered; those that are not answered in time do not count. */
  const rate = async (mostSeconds?: number) => {
    const { answers, seconds } = await load(plain.target, mix, clients, mostSeconds);
    for (const { upload, answer } of answers) checkAnswer(plain, upload.kind, upload, answer);
    return answers.length / seconds;
  };
  let ended = 0;
  const besideSlow = async (length: number, mostSeconds: number) => {
    const slow = slowClients(plain.target, scale.slowClients, { length });
    try {
      await setTimeout(SLOW_AHEAD_MILLISECONDS);
      return await rate(mostSeconds);
    } finally {
      ended += slow.ended;
      slow.stop();
    }
  };
  // The second kind promises so much that the memory for bodies would be gone.
  const promised = { '1 MB': 1e6, '30 MB': 30e6 };
  const lengths = Object.values(promised);
  const rates: number[][] = [[], ...lengths.map(() => [])];
  for (let round = 0; round < scale.rounds; round++) {
    // The pace of the others is known first: who waits beyond thrice their time gives up.
    const alone = await rate();
    rates[0]!.push(alone);
    for (let turn = 0; turn < lengths.length; turn++) {
      const at = (round + turn) % lengths.length;
      rates[1 + at]!.push(await besideSlow(lengths[at]!, (PATIENCE * mix.length) / alone));
    }
  }
  const [alone, ...beside] = rates;
  const figures: Record<string, number> = { 'uploads a second alone': median(alone!) };
  for (const [at, size] of Object.keys(promised).entries()) {
    const of = `${scale.slowClients} clients of 1 kB/s that promise ${size}`;
    const ratio = median(beside[at]!.map((value, round) => value / alone![round]!));
    figures[`uploads a second beside ${of}`] = median(beside[at]!);
    context.figure(`beside ${of}: uploads a second, of those alone`, ratio, LEAST_BESIDE_SLOW);
  }
  figures['slow connections that the server ended'] = ended;
  for (const [name, value] of Object.entries(figures)) context.note(`${name}: ${digits(value)}`);
  return figures;
};
