import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { syllable } from 'syllable';
import { ROOT } from './package.js';

/** A fenced block of code. */
export interface Block {
  /** the page's path from the root of the repository */
  readonly page: string;
  /** of its first line of code, counted from 1 */
  readonly line: number;
  /** as the fence names it: `ts`, `sh` … */
  readonly language: string;
  readonly text: string;
}

/** A page of Markdown, taken apart. */
export interface Page {
  readonly path: string;
  readonly blocks: readonly Block[];
  /** targets of links and images, as they are written */
  readonly links: readonly string[];
  /** its images: the target of each, and the words that stand for it, if it has any */
  readonly images: readonly { readonly target: string; readonly words: string }[];
  /** the anchors that its headings make */
  readonly anchors: ReadonlySet<string>;
  /** text in backquotes, in prose and tables */
  readonly code: readonly string[];
  /** paragraphs and items of lists, without code, as plain text */
  readonly prose: readonly string[];
}

const parser = new MarkdownIt({ html: true });

/** Takes a page apart. */
export function pageOf(path: string, text: string): Page {
  const blocks: Block[] = [];
  const links: string[] = [];
  const images: { target: string; words: string }[] = [];
  const anchors = new Set<string>();
  const code: string[] = [];
  const prose: string[] = [];
  const attributes = (html: string) => {
    for (const [, name, value] of html.matchAll(/\s(href|src|srcset|id|name)="([^"]*)"/g)) {
      if (name === 'href' || name === 'src') links.push(value!);
      // Each of them has an address, and perhaps a width or a scale after it.
      else if (name === 'srcset')
        links.push(...value!.split(',').map((it) => it.trim().split(' ')[0]!));
      else anchors.add(value!);
    }
    for (const [tag] of html.matchAll(/<img\s[^>]*>/g)) {
      const attribute = (name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
      images.push({ target: attribute('src'), words: attribute('alt') });
    }
  };
  const tokens = parser.parse(text, {});
  for (const [at, { type, info, content, map, children }] of tokens.entries()) {
    if (type === 'html_block') attributes(content);
    if (type === 'fence') {
      const [language = ''] = info.trim().split(/\s/);
      blocks.push({ page: path, line: map![0] + 2, language, text: content });
    }
    if (type !== 'inline') continue;
    let words = '';
    for (const child of children!) {
      const target = child.attrGet('href') ?? child.attrGet('src');
      if (target !== null) links.push(String(target));
      if (child.type === 'image') images.push({ target: String(target), words: child.content });
      if (child.type === 'html_inline') attributes(child.content);
      if (child.type === 'code_inline') code.push(child.content);
      // What is in backquotes is read as one short word.
      if (child.type === 'code_inline') words += 'code';
      else if (child.type === 'text') words += child.content;
      else if (/break$/.test(child.type)) words += ' ';
    }
    const inside = tokens[at - 1]!.type;
    if (inside === 'paragraph_open') prose.push(words);
    if (inside === 'heading_open') anchors.add(anchorOf(content, anchors));
  }
  return { path, blocks, links, images, anchors, code, prose };
}

/** The anchor that GitHub makes of a heading, beside those that the page already has. */
function anchorOf(heading: string, taken: ReadonlySet<string>): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
  const anchor = plain
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
  let name = anchor;
  for (let count = 1; taken.has(name); count++) name = `${anchor}-${count}`;
  return name;
}

/** The README, the changelog and all pages of `docs/`. */
export function pages(): Page[] {
  const docs = join(ROOT, 'docs');
  const inDocs = existsSync(docs)
    ? readdirSync(docs, { recursive: true, encoding: 'utf8' }).sort()
    : [];
  return ['README.md', 'CHANGELOG.md', ...inDocs.map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)))
    .map((path) => pageOf(path, readFileSync(join(ROOT, path), 'utf8')));
}

/**
 * The Flesch-Kincaid grade of paragraphs: the years of school that a reader needs.
 *
 * Kincaid, Fishburne, Rogers and Chissom, "Derivation of New Readability Formulas for Navy Enlisted
 * Personnel", Research Branch Report 8-75, 1975. Syllables are counted by npm's `syllable`. A
 * sentence ends with a full stop, a question mark or an exclamation mark, or with its paragraph:
 * the words before a colon or semicolon are no sentence of their own. A number is one syllable.
 */
export function gradeOf(paragraphs: readonly string[]): number {
  let sentences = 0;
  let words = 0;
  let syllables = 0;
  for (const paragraph of paragraphs) {
    for (const sentence of paragraph.split(/(?<=[.!?]["')\u201d]*)\s+/)) {
      const spoken = sentence
        .split(/[\s/\u2013\u2014]+/)
        .filter((word) => /[\p{L}\p{N}]/u.test(word));
      if (spoken.length === 0) continue;
      sentences++;
      words += spoken.length;
      for (const word of spoken) {
        syllables += Math.max(1, syllable(word.replace(/[^\p{L}\p{M}'\u2019-]/gu, '')));
      }
    }
  }
  return (0.39 * words) / sentences + (11.8 * syllables) / words - 15.59;
}
