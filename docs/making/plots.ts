import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Pictures, SCHEMES, type Scheme, type Studio } from './browser.js';

/** Plots of the records, by the names of their pictures. */
const PLOTS: Readonly<Record<string, string>> = {
  recall: 'robustness/sealed/recall.svg',
  distances: 'robustness/sealed/distances.svg',
  speed: 'index.svg',
  stages: 'stages.svg',
};

/** The plots that the benchmarks have drawn beside their records. */
export async function plotPictures({ root }: Pick<Studio, 'root'>): Promise<Pictures> {
  const pictures: Pictures = {};
  for (const [name, path] of Object.entries(PLOTS)) {
    const drawn = readFileSync(join(root, 'bench/record', path), 'utf8');
    for (const scheme of SCHEMES) pictures[`${name}-${scheme}.svg`] = inScheme(drawn, scheme);
  }
  return pictures;
}

/** Every colour of the plots on paper, and what it is in the dark. */
const DARK: Readonly<Record<string, string>> = {
  // Ground, ink and lines.
  '#fff': '#15181c',
  '#222': '#e8eaed',
  '#333': '#e8eaed',
  '#ddd': '#343b43',
  // Recall and distances. What is for review is darker than what matches, as it is lighter on paper.
  '#b8b8b8': '#7b848d',
  '#2a6fbb': '#6cb2f7',
  '#9cc3e6': '#33628f',
  '#c2543d': '#f0846c',
  // Search times: the colours of Okabe and Ito, which stay apart. The first is lighter here.
  '#0072b2': '#4aa8e8',
  '#56b4e9': '#a5dcff',
  '#999999': '#999999',
  '#e69f00': '#e69f00',
  '#d55e00': '#f07c28',
  '#cc79a7': '#d98fb8',
  '#009e73': '#1fbf92',
};

/**
 * A plot in other colours, its numbers as they are.
 * @throws {Error} if it has a colour that is not known, which would be wrong in the dark
 */
export function inScheme(plot: string, scheme: Scheme): string {
  if (scheme === 'light') return plot;
  return plot.replace(/(?<=(?:fill|stroke)(?:="|:))#[\da-f]+/gi, (colour) => {
    const dark = DARK[colour];
    if (dark === undefined) throw new Error(`expected a colour of the plots, got ${colour}`);
    return dark;
  });
}
