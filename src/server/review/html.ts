import { escapeHtml } from '../../node/report/match-report.js';

/** HTML that is shown as it is. Only `html` and `trusted` make it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: what is not HTML is escaped, and what is absent shows nothing. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** HTML from a template. Nothing in it can be read as markup unless it is `Html` itself. */
export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(strings.reduce((text, next, at) => `${text}${written(values[at - 1])}${next}`));

/** Markup that this library wrote. */
export const trusted = (text: string): Html => new Html(text);

function written(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  return Array.isArray(value) ? value.map(written).join('') : escapeHtml(String(value));
}
