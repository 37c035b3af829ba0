/*
 * Checks values against the schemas of routes, and types them. Only the keywords that routes use
 * are supported. Any other is refused when the service starts, since it would seem to check and
 * would not.
 *
 * This is our own code because TypeBox would add 22 to 33 kB to a service, and words its messages
 * itself. Schemas are plain JSON Schema either way, as in OpenAPI 3.1.
 */

/** A JSON schema, as in OpenAPI 3.1 and JSON Schema 2020-12. */
export type Schema = { readonly [keyword: string]: unknown };

/** A value of the query, converted by its schema. */
export type QueryValue = string | number | boolean;

/** Type of the values that a schema accepts; `unknown` where the schema states none. */
export type FromSchema<S> = S extends { readonly const: infer Word }
  ? Word
  : S extends { readonly enum: readonly (infer Word)[] }
    ? Word
    : S extends { readonly anyOf: readonly (infer One)[] }
      ? FromSchema<One>
      : S extends { readonly type: readonly (infer Type)[] }
        ? OfType<S, Type>
        : S extends { readonly type: infer Type }
          ? OfType<S, Type>
          : unknown;

interface Plain {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type OfType<S, Type> = Type extends keyof Plain
  ? Plain[Type]
  : Type extends 'array'
    ? readonly FromSchema<S extends { readonly items: infer Item } ? Item : unknown>[]
    : Type extends 'object'
      ? MembersOf<S>
      : unknown;

/** Additional members have no schema by name; they are typed only where all members are. */
type MembersOf<S> = S extends { readonly properties: infer Schemas }
  ? Members<Schemas, RequiredOf<S>>
  : S extends { readonly additionalProperties: infer Rest extends Schema }
    ? { readonly [name: string]: FromSchema<Rest> }
    : { readonly [name: string]: unknown };

/** Values by name: the `Required` ones, and others that may be absent. */
export type Members<Schemas, Required> = {
  readonly [Name in keyof Schemas as Name extends Required ? Name : never]: FromSchema<
    Schemas[Name]
  >;
} & {
  readonly [Name in keyof Schemas as Name extends Required ? never : Name]?: FromSchema<
    Schemas[Name]
  >;
};

type RequiredOf<S> = S extends { readonly required: readonly (infer Name)[] } ? Name : never;

/** Keywords that constrain no value. */
const NOTES = ['$schema', 'title', 'description', 'default', 'example', 'examples', 'required'];

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** @returns the expectation that the value at `at` fails; undefined if it passes */
type Check = (value: unknown, at: string) => string | undefined;

/** Patterns are compiled once per schema, not per value. */
const compiled = /* @__PURE__ */ new WeakMap<Schema, Check[]>();

/**
 * Problem of a value: one sentence that does not quote it, `expected body.limit to be at most 100`;
 * undefined if the value is valid.
 * @param at the name of the value
 * @throws {TypeError} if the schema has an unsupported keyword
 */
export function problemOf(value: unknown, schema: Schema, at: string): string | undefined {
  for (const check of checksOf(schema)) {
    const problem = check(value, at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * The checks of a schema and all below it.
 * @throws {TypeError} if it has an unsupported keyword
 */
export function checksOf(schema: Schema): readonly Check[] {
  const known = compiled.get(schema);
  if (known) return known;
  const checks: Check[] = [];
  for (const [keyword, argument] of Object.entries(schema)) {
    if (keyword === 'required' && Array.isArray(argument)) {
      checks.push(hasMembers(argument as string[]));
    } else if (Object.hasOwn(KEYWORDS, keyword)) {
      checks.push(KEYWORDS[keyword]!(argument as never, schema));
    } else if (!NOTES.includes(keyword)) {
      throw new TypeError('expected a schema of known keywords');
    }
  }
  compiled.set(schema, checks);
  return checks;
}

const KEYWORDS: Readonly<Record<string, (argument: never, schema: Schema) => Check>> = {
  type: (type: string | readonly string[]) => {
    const types = [type].flat() as string[];
    if (!types.every((one) => Object.hasOwn(TYPES, one))) {
      throw new TypeError('expected a schema of known types');
    }
    return (value, at) =>
      types.some((one) => TYPES[one]!(value))
        ? undefined
        : `expected ${at} to be ${types.map(withArticle).join(' or ')}`;
  },
  enum: (words: readonly unknown[]) => (value, at) =>
    words.includes(value) ? undefined : `expected ${at} to be ${words.join(' or ')}`,
  const: (word: unknown) => (value, at) =>
    value === word ? undefined : `expected ${at} to be ${word}`,
  minimum: (least: number) => (value, at) =>
    typeof value !== 'number' || value >= least
      ? undefined
      : `expected ${at} to be at least ${least}`,
  maximum: (most: number) => (value, at) =>
    typeof value !== 'number' || value <= most ? undefined : `expected ${at} to be at most ${most}`,
  minLength: (least: number) => (value, at) =>
    typeof value !== 'string' || value.length >= least
      ? undefined
      : `expected ${at} to have at least ${least} characters`,
  maxLength: (most: number) => (value, at) =>
    typeof value !== 'string' || value.length <= most
      ? undefined
      : `expected ${at} to have at most ${most} characters`,
  pattern: (pattern: string) => {
    const expression = new RegExp(pattern, 'u');
    return (value, at) =>
      typeof value !== 'string' || expression.test(value)
        ? undefined
        : `expected ${at} to match ${pattern}`;
  },
  minItems: (least: number) => (value, at) =>
    !Array.isArray(value) || value.length >= least
      ? undefined
      : `expected ${at} to have at least ${least} items`,
  maxItems: (most: number) => (value, at) =>
    !Array.isArray(value) || value.length <= most
      ? undefined
      : `expected ${at} to have at most ${most} items`,
  items: (schema: Schema) => {
    checksOf(schema);
    return (value, at) => {
      if (!Array.isArray(value)) return undefined;
      for (const [i, item] of value.entries()) {
        const problem = problemOf(item, schema, `${at}[${i}]`);
        if (problem !== undefined) return problem;
      }
      return undefined;
    };
  },
  properties: (properties: Readonly<Record<string, Schema>>) => {
    for (const schema of Object.values(properties)) checksOf(schema);
    return (value, at) => {
      if (!TYPES.object!(value)) return undefined;
      for (const [name, schema] of Object.entries(properties)) {
        if (!Object.hasOwn(value as object, name)) continue;
        const member = (value as Record<string, unknown>)[name];
        const problem = problemOf(member, schema, `${at}.${name}`);
        if (problem !== undefined) return problem;
      }
      return undefined;
    };
  },
  additionalProperties: (rest: boolean | Schema, { properties = {} }) => {
    if (typeof rest === 'object') checksOf(rest);
    return (value, at) => {
      if (rest === true || !TYPES.object!(value)) return undefined;
      for (const [name, member] of Object.entries(value as object)) {
        if (Object.hasOwn(properties as object, name)) continue;
        // The name is the caller's, so it is not repeated.
        const problem =
          rest === false
            ? `expected ${at} to have no other members`
            : problemOf(member, rest, `each further member of ${at}`);
        if (problem !== undefined) return problem;
      }
      return undefined;
    };
  },
  anyOf: (schemas: readonly Schema[]) => {
    for (const schema of schemas) checksOf(schema);
    return (value, at) => {
      const problems = schemas.map((schema) => problemOf(value, schema, at));
      return problems.includes(undefined) ? undefined : problems.join(', or ');
    };
  },
};

const hasMembers =
  (names: readonly string[]): Check =>
  (value, at) => {
    if (!TYPES.object!(value)) return undefined;
    const absent = names.find((name) => !Object.hasOwn(value as object, name));
    return absent === undefined ? undefined : `expected ${at}.${absent}`;
  };

const withArticle = (type: string) =>
  type === 'null' ? type : `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;

/**
 * Value of a query's text by its schema: a number, or `true` and `false`. Other text stays text,
 * which the schema then rejects.
 */
export function readQueryValue(text: string, { type }: Schema): QueryValue {
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  const isNumber = type === 'integer' || type === 'number';
  return isNumber && /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}
