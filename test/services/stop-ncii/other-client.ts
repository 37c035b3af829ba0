import { expect } from 'vitest';

/*
 * A client of StopNCII's API that shares no code with ours. It was written from a description of
 * the API and from the requests of python-threatexchange. It requires every field that
 * python-threatexchange does, with its type, and no word that it does not know.
 */

const SIGNAL_TYPES = ['Unknown', 'ImagePDQ', 'VideoMD5', 'VideoTMK', 'Text', 'URL'];
const STATUSES = ['Unknown', 'Received', 'Active', 'Withdrawn', 'Deleted'];
const FEEDBACK = ['Unknown', 'None', 'QualityUnknown', 'PendingReview', 'Blocked', 'NotBlocked'];
FEEDBACK.push('Withdrawn', 'Deleted');

interface Page {
  count: number;
  nextPageToken: string;
  nextSetTimestamp: number;
  hasMoreRecords: boolean;
  hashRecords: Listed[];
}

interface Listed {
  lastModtimestamp: number;
  signalType: string;
  hashValue: string;
  hashStatus: string;
  caseNumbers: Record<string, string>;
  CSPFeedbacks?: { feedbackValue: string; tags: string[]; source: string }[];
}

function checkPage(page: Page): void {
  expect(page).toMatchObject({
    count: page.hashRecords.length,
    nextPageToken: expect.any(String),
    hasMoreRecords: expect.any(Boolean),
  });
  expect(page.nextSetTimestamp).toSatisfy(Number.isInteger);
  for (const record of page.hashRecords) {
    expect(record.lastModtimestamp).toSatisfy(Number.isInteger);
    expect(SIGNAL_TYPES).toContain(record.signalType);
    expect(record.hashValue).toMatch(/^([0-9a-f]{64}|[0-9a-f]{32})$/);
    expect(STATUSES).toContain(record.hashStatus);
    for (const status of Object.values(record.caseNumbers)) expect(STATUSES).toContain(status);
    for (const { feedbackValue, tags, source } of record.CSPFeedbacks ?? []) {
      expect(FEEDBACK).toContain(feedbackValue);
      expect([source, ...tags]).toSatisfy((texts: unknown[]) =>
        texts.every((each) => typeof each === 'string'),
      );
    }
  }
}

export class OtherClient {
  /** what is listed and not withdrawn, by type and hash */
  readonly active = new Map<string, Listed>();
  startTimestamp = 10;
  /** records of each page of the last fetch */
  counts: number[] = [];

  constructor(
    readonly url: string,
    readonly pageSize = 800,
    readonly key = 'subscribed',
  ) {}

  get #headers() {
    return { 'x-functions-key': 'function', 'Ocp-Apim-Subscription-Key': this.key };
  }

  /** Fetches all changes since the last fetch. */
  async fetch(): Promise<void> {
    this.counts = [];
    let newest = this.startTimestamp;
    for (let token = ''; ; ) {
      const query = `startTimestamp=${this.startTimestamp}&pageSize=${this.pageSize}`;
      const more = token === '' ? '' : `&nextPageToken=${encodeURIComponent(token)}`;
      const reply = await fetch(`${this.url}/FetchHashes?${query}${more}`, {
        headers: this.#headers,
      });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toMatch(/^application\/json\b/);
      const page: Page = await reply.json();
      checkPage(page);
      this.counts.push(page.count);
      for (const record of page.hashRecords) {
        const key = `${record.signalType} ${record.hashValue}`;
        if (/^(Withdrawn|Deleted)$/.test(record.hashStatus)) this.active.delete(key);
        else this.active.set(key, record);
      }
      newest = Math.max(newest, page.nextSetTimestamp);
      if (!page.hasMoreRecords) break;
      expect(page.nextPageToken).not.toBe('');
      token = page.nextPageToken;
    }
    // A page may have an older time than the one before.
    this.startTimestamp = newest;
  }

  /** Posts feedback, once. @returns the status of the reply */
  async post(hashValue: string, feedbackValue: string, tags: string[]): Promise<number> {
    const reply = await fetch(`${this.url}/SubmitFeedback`, {
      method: 'POST',
      headers: { ...this.#headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ count: 1, hashFeedbacks: [{ tags, feedbackValue, hashValue }] }),
    });
    await reply.json();
    return reply.status;
  }
}
