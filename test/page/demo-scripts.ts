import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';

/** The text of the single script of a page, and of its single style. */
const scriptOf = (html: string) =>
  html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));
const styleOf = (html: string) => /<style>([^<]*)<\/style>/.exec(html)![1]!;
const digest = (text: string) => createHash('sha256').update(text).digest('base64');

/** A string literal for a script in HTML. */
const literalOf = (text: string) => JSON.stringify(text).replaceAll('<', '\\x3c');

/** The parts of a built page. */
export interface Parts {
  /** the script of the shell */
  shell: string;
  /** the frame's page as HTML, and its script */
  page: string;
  script: string;
  style: string;
}

/** The parts of a built page, each as the browser receives it. */
export function partsOf(html: string): Parts {
  const shell = scriptOf(html);
  const page: string = runInNewContext(literalIn(shell));
  return { shell, page, script: scriptOf(page), style: styleOf(html) };
}

const literalIn = (shell: string) =>
  /srcdoc:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/.exec(shell)![1]!;

/**
 * A built page as a hostile author would build it: another script in its frame, all else the same.
 */
export function withFrameScript(html: string, script: string): string {
  const { shell, page, script: own } = partsOf(html);
  const changed = page.replace(own, () => script).replace(digest(own), digest(script));
  return withShell(
    html,
    shell.replace(literalIn(shell), () => literalOf(changed)),
  ).replace(digest(own), digest(script));
}

/** The same with another script in the shell. */
export function withShell(html: string, shell: string): string {
  const own = scriptOf(html);
  return html.replace(own, () => shell).replace(digest(own), digest(shell));
}

/** The policy of the page. */
export const policyIn = (html: string): string =>
  /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
