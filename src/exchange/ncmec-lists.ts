import { checkObject } from '../door.js';
import { checkLabels } from '../entry.js';

/** One of NCMEC's hash-sharing lists: where it is, and what its entries are called here. */
export interface NcmecList {
  /** the base URL; the calls are below its `/v2` */
  readonly baseUrl: string;
  /** the `source` of its updates and entries */
  readonly source: string;
  /** labels that each of its entries gets besides its classification */
  readonly labels: readonly string[];
}

const EXPLOITATIVE = ['exploitative'];
const GENERATIVE = ['generative-ai'];
const BOTH = ['exploitative', 'generative-ai'];

/**
 * The lists of NCMEC, each behind its own base URL and credentials. Those of generative AI are
 * lists of their own, and their entries keep that label. The names that end in `Test` are for
 * integration and hold no real hashes.
 * Source: NCMEC, Hash Sharing API v2.
 */
export const NCMEC_LISTS = {
  industry: {
    baseUrl: 'https://report.cybertip.org/hashsharing',
    source: 'ncmec/industry',
    labels: [],
  },
  industryExploitative: {
    baseUrl: 'https://report.cybertip.org/exploitative-hashsharing',
    source: 'ncmec/industry-exploitative',
    labels: EXPLOITATIVE,
  },
  lawEnforcement: {
    baseUrl: 'https://lesp.ncmec.org/csam-hashsharing',
    source: 'ncmec/law-enforcement',
    labels: [],
  },
  npo: { baseUrl: 'https://hashsharing.ncmec.org/npo', source: 'ncmec/npo', labels: [] },
  npoExploitative: {
    baseUrl: 'https://hashsharing.ncmec.org/exploitative',
    source: 'ncmec/npo-exploitative',
    labels: EXPLOITATIVE,
  },
  generativeAiCsam: {
    baseUrl: 'https://hashsharing.ncmec.org/generative-ai-csam',
    source: 'ncmec/generative-ai-csam',
    labels: GENERATIVE,
  },
  generativeAiExploitative: {
    baseUrl: 'https://hashsharing.ncmec.org/generative-ai-exploitative',
    source: 'ncmec/generative-ai-exploitative',
    labels: BOTH,
  },
  industryTest: {
    baseUrl: 'https://exttest.cybertip.org/hashsharing',
    source: 'ncmec/industry-test',
    labels: [],
  },
  industryExploitativeTest: {
    baseUrl: 'https://exttest.cybertip.org/exploitative-hashsharing',
    source: 'ncmec/industry-exploitative-test',
    labels: EXPLOITATIVE,
  },
  lawEnforcementTest: {
    baseUrl: 'https://betalesp.ncmec.org/csam-hashsharing',
    source: 'ncmec/law-enforcement-test',
    labels: [],
  },
  npoTest: {
    baseUrl: 'https://hashsharing-test.ncmec.org/npo',
    source: 'ncmec/npo-test',
    labels: [],
  },
  npoExploitativeTest: {
    baseUrl: 'https://hashsharing-test.ncmec.org/exploitative',
    source: 'ncmec/npo-exploitative-test',
    labels: EXPLOITATIVE,
  },
  generativeAiCsamTest: {
    baseUrl: 'https://hashsharing-test.ncmec.org/generative-ai-csam',
    source: 'ncmec/generative-ai-csam-test',
    labels: GENERATIVE,
  },
  generativeAiExploitativeTest: {
    baseUrl: 'https://hashsharing-test.ncmec.org/generative-ai-exploitative',
    source: 'ncmec/generative-ai-exploitative-test',
    labels: BOTH,
  },
} satisfies Record<string, NcmecList>;

/** @throws {TypeError} unless `list` says what its entries are called */
export function checkNcmecList(list: Pick<NcmecList, 'source' | 'labels'>): void {
  checkObject(list, 'list to be one of NCMEC_LISTS');
  if (typeof list.source !== 'string') throw new TypeError('expected source to be a string');
  checkLabels(list.labels);
}
