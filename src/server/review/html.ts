import { escapeHtml } from '../../node/report/match-report.js';

/** HTML that is inserted unescaped. Only `html` and `trusted` create it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Values of a template: all but HTML is escaped, and absent ones show nothing. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** HTML from a template. No value is read as markup unless it is `Html` itself. */
export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(strings.reduce((text, next, at) => `${text}${written(values[at - 1])}${next}`));

/** Markup written by this library. */
export const trusted = (text: string): Html => new Html(text);

function written(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  return Array.isArray(value) ? value.map(written).join('') : escapeHtml(String(value));
}
