import { h } from './element.js';

/** A field for a code. Its label is of `withdraw-code`. */
export const codeField = (): HTMLInputElement =>
  h('input', {
    type: 'text',
    id: 'withdraw-code',
    class: 'field',
    dir: 'ltr',
    autocomplete: 'off',
    autocapitalize: 'characters',
    spellcheck: 'false',
  });
