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

const BASE_URLS = {
  industry: 'https://report.cybertip.org/hashsharing',
  industryExploitative: 'https://report.cybertip.org/exploitative-hashsharing',
  lawEnforcement: 'https://lesp.ncmec.org/csam-hashsharing',
  npo: 'https://hashsharing.ncmec.org/npo',
  npoExploitative: 'https://hashsharing.ncmec.org/exploitative',
  generativeAiCsam: 'https://hashsharing.ncmec.org/generative-ai-csam',
  generativeAiExploitative: 'https://hashsharing.ncmec.org/generative-ai-exploitative',
  industryTest: 'https://exttest.cybertip.org/hashsharing',
  industryExploitativeTest: 'https://exttest.cybertip.org/exploitative-hashsharing',
  lawEnforcementTest: 'https://betalesp.ncmec.org/csam-hashsharing',
  npoTest: 'https://hashsharing-test.ncmec.org/npo',
  npoExploitativeTest: 'https://hashsharing-test.ncmec.org/exploitative',
  generativeAiCsamTest: 'https://hashsharing-test.ncmec.org/generative-ai-csam',
  generativeAiExploitativeTest: 'https://hashsharing-test.ncmec.org/generative-ai-exploitative',
};

/** What the name of a list tells of its entries. */
const TOLD_BY_NAME = ['exploitative', 'generative-ai'];

/**
 * The lists of NCMEC, each behind its own base URL and credentials. Those of generative AI are
 * lists of their own, and their entries keep that label. The names that end in `Test` are for
 * integration and hold no real hashes. The source is the name in small letters:
 * `ncmec/generative-ai-csam-test`.
 * Source: NCMEC, Hash Sharing API v2.
 */
export const NCMEC_LISTS = Object.fromEntries(
  Object.entries(BASE_URLS).map(([name, baseUrl]): [string, NcmecList] => {
    const source = `ncmec/${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
    return [
      name,
      { baseUrl, source, labels: TOLD_BY_NAME.filter((word) => source.includes(word)) },
    ];
  }),
) as Readonly<Record<keyof typeof BASE_URLS, NcmecList>>;

/** @throws {TypeError} unless `list` says what its entries are called */
export function checkNcmecList(list: Pick<NcmecList, 'source' | 'labels'>): void {
  checkObject(list, 'list to be one of NCMEC_LISTS');
  if (typeof list.source !== 'string') throw new TypeError('expected source to be a string');
  checkLabels(list.labels);
}
