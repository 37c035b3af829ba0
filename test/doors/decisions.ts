import {
  flag,
  list,
  member,
  members,
  number,
  optional,
  record,
  text,
  whole,
  words,
} from './argument.js';
import { thresholds } from './reviews.js';
import {
  anyQuality,
  core,
  DECISION,
  entry,
  HASH,
  HEX,
  hash,
  hexText,
  policy,
  provenance,
  quality,
  resample,
  trust,
  variant,
} from './values.js';

const REMOTE_MATCH = { list: 'there', trust: 'own', tier: 'match', labels: ['label'], hash: HASH };
const remoteMatch = {
  list: text,
  trust: member('foreign'),
  tier: member('review'),
  labels: words,
  source: optional(text),
  id: optional(text),
  distance: optional(member(3)),
  confirmed: flag,
  allowed: optional(text),
};
const unanswered = optional(member(['there'], '[]', '[text]'));
const TIMINGS = { reading: 1, waiting: 2, decoding: 3, hashing: 4, search: 5 };
export const decision = members(DECISION, {
  verdict: text,
  reason: text,
  matches: list(members(DECISION.matches[0]!, { entry, variant, trust })),
  policy,
  upload: optional(
    record({
      hash,
      width: whole,
      height: whole,
      quality: anyQuality,
      resample: optional(resample),
      format: optional(text),
      decoding: optional(member('draft')),
    }),
  ),
  timings: optional(
    members(TIMINGS, Object.fromEntries(Object.keys(TIMINGS).map((stage) => [stage, number]))),
  ),
  generation: optional(whole),
  allowed: optional(
    list(members(DECISION.matches[0]!, { entry, variant, allowed: optional(text) })),
  ),
  remoteMatches: optional(list(members(REMOTE_MATCH, { ...remoteMatch, hash: optional(hash) }))),
  unanswered,
  omitted: optional(member(3)),
});
const MATCH_JSON = core.decisionToJSON(DECISION).matches[0]!;
export const decisionJSON = members(core.decisionToJSON(DECISION), {
  verdict: member('none'),
  reason: text,
  matches: list(
    members(MATCH_JSON, {
      distance: whole,
      tier: member('review'),
      variant: text,
      hash: hexText,
      labels: words,
      algorithm: member('pdq'),
      id: optional(text),
      source: optional(text),
      quality,
      resample: optional(resample),
      entryVariant: optional(text),
      trust,
      ...provenance,
      variantHash: hexText,
      variantQuality: anyQuality,
      variantResample: optional(resample),
    }),
  ),
  policy: thresholds,
  generation: optional(whole),
  allowed: optional(member([MATCH_JSON], '[]')),
  remoteMatches: optional(
    list(
      members(
        { ...REMOTE_MATCH, algorithm: 'pdq', hash: HEX },
        { ...remoteMatch, algorithm: member('pdq'), hash: optional(hexText) },
      ),
    ),
  ),
  unanswered,
});
