import { Refusal, type Route } from './route.js';

/** The routes of one path, and what it has in the place of names. */
export interface FoundPath {
  /** as the routes write it */
  readonly path: string;
  /** one for each method */
  readonly routes: readonly Route[];
  readonly params: Readonly<Record<string, string>>;
}

interface Template {
  readonly path: string;
  readonly parts: readonly string[];
  readonly routes: Route[];
}

/** Finds routes by path. A path without names comes before one with. */
export class RouteTable {
  readonly #literal = new Map<string, Template>();
  readonly #named: Template[] = [];

  /** @throws {TypeError} if a path is not one, or two routes are the same */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (!/^(\/(\{\w+\}|[\w.~-]*))+$/.test(route.path)) {
        throw new TypeError('expected a path of words and {names}');
      }
      const template = this.#templateOf(route.path);
      if (template.routes.some(({ method }) => method === route.method)) {
        throw new TypeError('expected routes of different methods or paths');
      }
      template.routes.push(route);
    }
    // With more literal parts first, so that `/c/bank/new` would come before `/c/bank/{name}`.
    const names = ({ parts }: Template) => parts.filter((part) => part.startsWith('{')).length;
    this.#named.sort((a, b) => names(a) - names(b));
  }

  #templateOf(path: string): Template {
    const shape = path.replaceAll(/\{\w+\}/g, '{}');
    const known = this.#literal.get(path) ?? this.#named.find((one) => one.path === path);
    if (known) return known;
    if (this.#named.some((one) => one.path.replaceAll(/\{\w+\}/g, '{}') === shape)) {
      throw new TypeError('expected one path to have the same names in all routes');
    }
    const template = { path, parts: path.split('/'), routes: [] };
    if (shape === path) this.#literal.set(path, template);
    else this.#named.push(template);
    return template;
  }

  /**
   * The routes of a path, as a URL has it.
   * @throws {Refusal} 400 if it is not UTF-8, or has a control character in the place of a name
   */
  find(pathname: string): FoundPath | undefined {
    const literal = this.#literal.get(pathname);
    if (literal) return { path: literal.path, routes: literal.routes, params: {} };
    const given = pathname.split('/');
    for (const { path, parts, routes } of this.#named) {
      if (parts.length !== given.length) continue;
      if (!parts.every((part, i) => part.startsWith('{') || part === given[i])) continue;
      const params: Record<string, string> = Object.create(null);
      for (const [i, part] of parts.entries()) {
        if (part.startsWith('{')) params[part.slice(1, -1)] = decoded(given[i]!);
      }
      return { path, routes, params };
    }
    return undefined;
  }
}

function decoded(part: string): string {
  let text: string | undefined;
  try {
    text = decodeURIComponent(part);
  } catch {
    // Told below.
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  if (text === undefined || text === '' || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Refusal('bad-request', 'expected a path of UTF-8');
  }
  return text;
}
