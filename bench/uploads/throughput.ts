import type { Fared } from '../programs/programs.js';
import { median, turns } from '../race.js';
import { load } from './load.js';
import { type MixedUpload, mixOf } from './pictures.js';
import { checkAnswer, type UploadPart, type Way, waysOf } from './run.js';

/** One way's load of one round. */
interface Round extends Fared {
  readonly uploads: number;
  readonly seconds: number;
}

/** The least share of bare decoding's uploads a second. */
const LEAST: Readonly<Record<string, number>> = { plain: 0.8, quick: 0.6, thorough: 0.35 };
const MOST_DELAY = { atMost: 30 };
const MOST_HEALTH = { atMost: 100 };

/** The mix, to each server in turn, in rotated order. */
export const throughputPart: UploadPart = async (run) => {
  const { context, scale } = run;
  const mix = mixOf(run.files, scale.uploads);
  const ways = waysOf(run);
  const rounds = ways.map((): Round[] => []);
  for (const { at } of turns(scale.rounds, ways.length)) {
    rounds[at]!.push(await loaded(ways[at]!, mix, scale.clients));
  }
  const rates = rounds.map((all) => all.map(({ uploads, seconds }) => uploads / seconds));
  const rows = ways.map(({ name }, at) => {
    const of = (figure: (round: Round) => number | undefined) => medianOf(rounds[at]!.map(figure));
    return {
      name,
      uploadsPerSecond: median(rates[at]!),
      ratio: median(rates[at]!.map((rate, round) => rate / rates[0]![round]!)),
      cpuMilliseconds: of(({ cpuSeconds, uploads }) => cpuSeconds && (1000 * cpuSeconds) / uploads),
      delayP50: of(({ delays }) => delays.p50),
      delayP99: of(({ delays }) => delays.p99),
      delayMax: of(({ delays }) => delays.max),
      healthP50: of(({ health }) => health.p50),
      healthP99: of(({ health }) => health.p99),
      peakMegabytes: of(({ peakBytes }) => peakBytes && peakBytes / 1e6),
    };
  });
  context.table(
    `${scale.uploads} mixed uploads, ${scale.clients} at once, ${scale.entries.toLocaleString('en')} entries; medians of ${scale.rounds}`,
    rows,
  );
  for (const { name, ratio, delayP99, healthP99 } of rows) {
    const atLeast = LEAST[name];
    if (atLeast === undefined) continue;
    context.figure(`${name}: uploads a second, of bare decoding's`, ratio, { atLeast });
    context.figure(`${name}: event-loop delay of the server, p99, ms`, delayP99, MOST_DELAY);
    context.figure(`${name}: /health, p99, ms`, healthP99, MOST_HEALTH);
  }
  return rows;
};

async function loaded(way: Way, mix: readonly MixedUpload[], clients: number): Promise<Round> {
  const [{ seconds, answers }, fared] = await way.server.during(() =>
    load(way.target, mix, clients),
  );
  for (const { upload, answer } of answers) checkAnswer(way, upload.kind, upload, answer);
  if (fared.healthErrors > 0) throw new Error(`${way.name}: /health was not answered`);
  return { ...fared, seconds, uploads: mix.length };
}

/** The median, or undefined if a figure could not be had. */
function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 || known.length < values.length ? undefined : median(known);
}
