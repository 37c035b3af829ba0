/*
 * Metrics of the service, in the text format of Prometheus (version 0.0.4). Every label has few
 * values: paths are those of routes, never the requested ones.
 */

/** A value at the time of the scrape. */
export interface Gauge {
  readonly name: string;
  readonly about: string;
  /** `counter`: it only goes up */
  readonly type?: 'counter';
  /** by labels; `{}` if there are none */
  readonly values: readonly { readonly labels?: Labels; readonly value: number }[];
}

type Labels = Readonly<Record<string, string | number>>;

/** Upper bounds of the time buckets, in seconds. A lookup by hash takes about 1 ms. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface Times {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

interface Counter {
  readonly about: string;
  readonly byLabels: Map<string, { readonly labels: Labels; value: number }>;
}

/** Counts answers and their times. */
export class Metrics {
  readonly #counters = new Map<string, Counter>();
  readonly #times = new Map<string, Times>();

  /** Adds one to the counter `name`. */
  count(name: string, about: string, labels: Labels = {}): void {
    let counter = this.#counters.get(name);
    if (!counter) {
      counter = { about, byLabels: new Map() };
      this.#counters.set(name, counter);
    }
    const key = Object.values(labels).join('\n');
    const one = counter.byLabels.get(key);
    if (one) one.value++;
    else counter.byLabels.set(key, { labels, value: 1 });
  }

  /** Records an answer of a route. */
  answered(method: string, route: string, status: number, milliseconds: number): void {
    this.count('onlyhashes_requests_total', 'Requests answered.', { method, route, status });
    const labels = { route };
    let times = this.#times.get(route);
    if (!times) {
      times = { labels, counts: BOUNDS.map(() => 0), sum: 0, count: 0 };
      this.#times.set(route, times);
    }
    const seconds = milliseconds / 1000;
    const at = BOUNDS.findIndex((bound) => seconds <= bound);
    if (at >= 0) times.counts[at]!++;
    times.sum += seconds;
    times.count++;
  }

  /** All metrics as text, with `gauges`. */
  text(gauges: readonly Gauge[] = []): string {
    const lines: string[] = [];
    for (const [name, { about, byLabels }] of this.#counters) {
      lines.push(...headOf(name, about, 'counter'));
      for (const { labels, value } of byLabels.values()) lines.push(lineOf(name, labels, value));
    }
    if (this.#times.size > 0) {
      lines.push(...headOf(TIMES, 'Seconds to the answer.', 'histogram'));
      for (const times of this.#times.values()) lines.push(...linesOfTimes(times));
    }
    for (const { name, about, type = 'gauge', values } of gauges) {
      lines.push(...headOf(name, about, type));
      for (const { labels = {}, value } of values) lines.push(lineOf(name, labels, value));
    }
    return `${lines.join('\n')}\n`;
  }
}

const TIMES = 'onlyhashes_request_seconds';

function linesOfTimes({ labels, counts, sum, count }: Times): string[] {
  let below = 0;
  return [
    ...BOUNDS.map((bound, i) => {
      below += counts[i]!;
      return lineOf(`${TIMES}_bucket`, { ...labels, le: bound }, below);
    }),
    lineOf(`${TIMES}_bucket`, { ...labels, le: '+Inf' }, count),
    lineOf(`${TIMES}_sum`, labels, sum),
    lineOf(`${TIMES}_count`, labels, count),
  ];
}

const headOf = (name: string, about: string, type: string) => [
  `# HELP ${name} ${about}`,
  `# TYPE ${name} ${type}`,
];

const lineOf = (name: string, labels: Labels, value: number) => `${name}${textOf(labels)} ${value}`;

function textOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string | number) =>
  String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
