import {
  type Decision,
  type DecisionJSON,
  decisionToJSON,
  type MatchJSON,
} from '../../matching/decision.js';
import { DECISION_SCHEMA } from '../../matching/decision-schema.js';
import { explain } from '../../matching/explain.js';
import type { Schema } from '../http/json-schema.js';
import { TextReply } from '../http/reply.js';
import { RETRY_AFTER_SECONDS } from '../http/route.js';
import { statusOf } from '../uploads/scanner.js';

const { $schema: _, ...DECISION } = DECISION_SCHEMA;
const MATCHES = DECISION.properties.matches;
/** As in a decision, but the entry's hash may be absent. */
const TOLD_MATCHES = {
  ...MATCHES,
  items: { ...MATCHES.items, required: MATCHES.items.required.filter((name) => name !== 'hash') },
};

/** The answer of `/v1/match`. */
export const MATCH_REPLY_SCHEMA: Schema = {
  title: 'A decision about one picture, and its explanation',
  type: 'object',
  required: ['answered', 'explanation', 'decision', 'leftOut'],
  properties: {
    answered: {
      type: 'boolean',
      description:
        'false: it is unknown whether the picture is listed, since it was not hashed or a list did not answer',
    },
    explanation: { type: 'string', description: 'one line of English' },
    queued: {
      type: 'boolean',
      description:
        'with `item`: true if this call queued it for a moderator. An item is queued only once',
    },
    leftOut: {
      type: 'integer',
      minimum: 0,
      description:
        'number of matches, allowed matches and remote matches beyond `limit`, plus `omitted`',
    },
    decision: {
      ...DECISION,
      properties: { ...DECISION.properties, matches: TOLD_MATCHES, allowed: TOLD_MATCHES },
    },
  },
};

/** Options of a reply. */
export interface ReplyOptions {
  /** maximum number of matches, of allowed ones, and of remote ones */
  readonly limit: number;
  /** true to include the hashes of entries */
  readonly withHashes: boolean;
  /** true if the upload now waits for a moderator; undefined: it was not named */
  readonly isQueued?: boolean | undefined;
}

/** True if all lists answered, so that `none` means none. */
export const isAnswered = ({ verdict, reason }: Decision): boolean =>
  verdict !== 'unhashable' && reason !== 'unanswered';

/**
 * The answer about a picture. Its status is 200 if the picture was checked, otherwise the reason:
 * 400, 408, 413, 415, 422 or 503. The body always has the decision.
 */
export function replyOf(
  decision: Decision,
  { limit, withHashes, isQueued }: ReplyOptions,
): TextReply {
  const json = decisionToJSON(decision);
  const { matches, allowed = [], remoteMatches = [] } = json;
  const shown = (all: MatchJSON[]) =>
    all.slice(0, limit).map((match) => (withHashes ? match : withoutHash(match)));
  const beyond = [matches, allowed, remoteMatches].map(({ length }) => Math.max(0, length - limit));
  const body = {
    answered: isAnswered(decision),
    explanation: explain(decision),
    ...(isQueued !== undefined && { queued: isQueued }),
    leftOut: beyond.reduce((sum, count) => sum + count, decision.omitted ?? 0),
    decision: {
      ...json,
      matches: shown(matches),
      ...(json.allowed && { allowed: shown(allowed) }),
      ...(json.remoteMatches && {
        remoteMatches: remoteMatchesOf(remoteMatches.slice(0, limit), withHashes),
      }),
    },
  };
  const status = decision.verdict === 'unhashable' ? statusOf(decision.reason) : 200;
  const later = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return TextReply.json(body, status, status === 503 ? later : {});
}

const remoteMatchesOf = (all: NonNullable<DecisionJSON['remoteMatches']>, withHashes: boolean) =>
  withHashes
    ? all
    : all.map((match) => {
        const { algorithm: _, ...shown } = withoutHash(match);
        return shown;
      });

/** A full hash, of any kind. */
const HASH = /[0-9a-f]{64}/i;

type Hashed = { readonly hash?: string; readonly group?: string; readonly id?: string };

/** Some services, such as StopNCII, use the hash as the entry's id, which is then omitted too. */
function withoutHash<Match extends Hashed>(
  match: Match,
): Omit<Match, 'hash' | 'group' | 'id'> & { id?: string } {
  const { hash, group: _, id, ...shown } = match;
  const isSaid = (text: string) =>
    HASH.test(text) || (hash !== undefined && text.toLowerCase().includes(hash));
  return { ...shown, ...(id !== undefined && !isSaid(id) && { id }) };
}
