import { checkObject, checkOneOf } from '../door.js';
import { FormatError } from '../errors.js';
import { childOf, rootElement, type XmlElement, xmlText } from './xml.js';

const NAMESPACE = 'https://hashsharing.ncmec.org/hashsharing/v2';

/** The vote of a member on one fingerprint of an entry: it is rightly listed, or why not. */
export interface NcmecFeedback {
  readonly says: 'affirmative' | 'negative';
  /** the identifiers of the reasons for a negative vote, as `feedbackReasons` gives them */
  readonly reasonIds?: readonly string[];
}

/** A reason that a negative vote can have. */
export interface NcmecReason {
  readonly id: string;
  readonly name: string;
  /** the type of fingerprint, as NCMEC writes it */
  readonly type: string;
}

/** A participant of NCMEC's hash sharing. */
export interface NcmecMember {
  readonly id: string;
  readonly name: string;
}

/** Who asks, as NCMEC sees it. */
export interface NcmecStatus {
  readonly ipAddress: string;
  readonly username: string;
  readonly member: NcmecMember;
}

/** @throws {TypeError | RangeError} if `feedback` is invalid: a negative vote has its reasons */
export function checkNcmecFeedback(feedback: NcmecFeedback): void {
  checkObject(feedback, 'feedback: { says, reasonIds }');
  const { says, reasonIds = [] } = feedback;
  checkOneOf('says', says, ['affirmative', 'negative']);
  if (!(Array.isArray(reasonIds) && reasonIds.every((id) => typeof id === 'string'))) {
    throw new TypeError('expected reasonIds to be a list of texts');
  }
  if (says === 'negative' ? reasonIds.length === 0 : reasonIds.length > 0) {
    throw new RangeError('expected reasonIds of a negative vote, and of no other');
  }
}

/**
 * Writes the body of a vote, as `PUT /v2/entries/…/feedback` takes it.
 * @throws {TypeError | RangeError} if `feedback` is invalid
 */
export function writeNcmecFeedback(feedback: NcmecFeedback): string {
  checkNcmecFeedback(feedback);
  const { says, reasonIds = [] } = feedback;
  const guids = reasonIds.map((id) => `<guid>${xmlText(id)}</guid>`).join('');
  const inner = says === 'affirmative' ? '' : `<reasonIds>${guids}</reasonIds>`;
  return document('feedbackSubmission', `<${says}>${inner}</${says}>`);
}

/** @throws {FormatError} if `text` is not the reply of `GET /v2/status` */
export async function ncmecStatus(text: string): Promise<NcmecStatus> {
  const root = await rootElement(text, 'status');
  const member = root.children.find(({ name }) => name === 'member');
  if (!member) throw new FormatError('bad-reply', 'expected the member of a status');
  return {
    ipAddress: childOf(root, 'ipAddress')?.text ?? '',
    username: childOf(root, 'username')?.text ?? '',
    member: memberFrom(member),
  };
}

/** @throws {FormatError} if `text` is not the reply of `GET /v2/members` */
export async function ncmecMembers(text: string): Promise<NcmecMember[]> {
  const { children } = await rootElement(text);
  return children.filter(({ name }) => name === 'member').map(memberFrom);
}

function memberFrom({ attributes, text }: XmlElement): NcmecMember {
  return { id: attributes.get('id') ?? '', name: text ?? '' };
}

/** @throws {FormatError} if `text` is not the reply of `GET /v2/feedback/…/reasons` */
export async function ncmecReasons(text: string): Promise<NcmecReason[]> {
  const { children } = await rootElement(text, 'availableFeedbackReasons');
  return children
    .filter(({ name }) => name === 'reason')
    .map(({ attributes }) => ({
      id: attributes.get('guid') ?? '',
      name: attributes.get('name') ?? '',
      type: attributes.get('type') ?? '',
    }));
}

/** A document of NCMEC's namespace. */
export function document(root: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<${root} xmlns="${NAMESPACE}">${inner}</${root}>\n`;
}
