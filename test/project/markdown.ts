import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import MarkdownIt from 'markdown-it';
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
}

const parser = new MarkdownIt({ html: true });

/** Takes a page apart. */
export function pageOf(path: string, text: string): Page {
  const blocks: Block[] = [];
  const links: string[] = [];
  const images: { target: string; words: string }[] = [];
  const anchors = new Set<string>();
  const code: string[] = [];
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
    for (const child of children!) {
      const target = child.attrGet('href') ?? child.attrGet('src');
      if (target !== null) links.push(String(target));
      if (child.type === 'image') images.push({ target: String(target), words: child.content });
      if (child.type === 'html_inline') attributes(child.content);
      if (child.type === 'code_inline') code.push(child.content);
    }
    if (tokens[at - 1]!.type === 'heading_open') anchors.add(anchorOf(content, anchors));
  }
  return { path, blocks, links, images, anchors, code };
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

/**
 * The README, the changelog and all pages of `docs/`, without those of the API, which are written
 * from the code and have a test of their own.
 */
export function pages(): Page[] {
  const docs = join(ROOT, 'docs');
  const inDocs = existsSync(docs)
    ? readdirSync(docs, { recursive: true, encoding: 'utf8' }).sort()
    : [];
  return ['README.md', 'CHANGELOG.md', ...inDocs.map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md') && !path.startsWith('docs/api/'))
    .filter((path) => existsSync(join(ROOT, path)))
    .map((path) => pageOf(path, readFileSync(join(ROOT, path), 'utf8')));
}
