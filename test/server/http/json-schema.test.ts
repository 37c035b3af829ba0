import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, expectTypeOf, test } from 'vitest';
import {
  checksOf,
  type FromSchema,
  problemOf,
  readQueryValue,
  type Schema,
} from '../../../src/server/http/json-schema.js';
import { routeOf } from '../../../src/server/http/route.js';
import { runs } from '../../seed.js';

const word = fc.constantFrom('a', 'b', 'ab', '', 'é');
const small = fc.integer({ min: -3, max: 3 });
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc
    .constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object')
    .map((type) => ({ type })),
  fc.constant({ type: ['string', 'null'] }),
  fc
    .uniqueArray(fc.oneof(word, small), { minLength: 1, maxLength: 3 })
    .map((all) => ({ enum: all })),
  fc.oneof(word, small).map((one) => ({ const: one })),
  small.map((minimum) => ({ minimum })),
  small.map((maximum) => ({ type: 'number', maximum })),
  fc.nat(2).map((minLength) => ({ minLength })),
  fc.nat(2).map((maxLength) => ({ maxLength })),
  fc.constantFrom('^a', 'b$', '^[ab]{2}$').map((pattern) => ({ pattern })),
  fc.nat(2).map((minItems) => ({ minItems })),
  fc.nat(2).map((maxItems) => ({ maxItems })),
  fc.constant({ title: 'a title', description: 'says nothing' }),
);
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('schema').map((items) => ({ type: 'array', items })),
    fc.record({
      // What every object has is no member of its own.
      properties: fc.dictionary(fc.constantFrom('a', 'b', 'toString'), tie('schema')),
      required: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'valueOf')),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
    }),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
}));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(word, small, fc.constantFrom(null, true, 0.5)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), tie('value')),
  ),
}));

test('a value is valid exactly if another validator accepts it', () => {
  const ajv = new Ajv2020({ strict: false, ownProperties: true });
  let right = 0;
  fc.assert(
    fc.property(schema, value, (given, one) => {
      const isRight = ajv.validate(given, one);
      if (isRight) right++;
      expect(problemOf(one, given, 'it') === undefined).toBe(isRight);
    }),
    { numRuns: runs(2000) },
  );
  // Both ends are met.
  expect(right).toBeGreaterThan(200);
  expect(right).toBeLessThan(1800);
});

test('an error is one sentence, with the place and without the value', () => {
  const image: Schema = {
    type: 'object',
    properties: { a: { type: 'array', items: { type: 'string', maxLength: 3 } } },
  };
  expect(problemOf({ a: ['x', 'secret'] }, image, 'body')).toBe(
    'expected body.a[1] to have at most 3 characters',
  );
  expect(problemOf({ a: 7 }, image, 'body')).toBe('expected body.a to be an array');
  const either: Schema = { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 4 }] };
  expect(problemOf(3, either, 'it')).toBe(
    'expected it to be null, or expected it to be at least 4',
  );
});

test('inherited properties are no members, and a number must be kept exactly', () => {
  const named: Schema = {
    type: 'object',
    properties: { toString: { type: 'string' }, constructor: { type: 'null' } },
    additionalProperties: false,
  };
  expect(problemOf({}, named, 'it')).toBe(undefined);
  expect(problemOf(JSON.parse('{"toString":1}'), named, 'it')).toBe(
    'expected it.toString to be a string',
  );
  for (const text of ['{"__proto__":1}', '{"valueOf":1}', '{"hasOwnProperty":null}']) {
    expect(problemOf(JSON.parse(text), named, 'it')).toBe('expected it to have no other members');
  }
  expect(problemOf({}, { required: ['valueOf'] }, 'it')).toBe('expected it.valueOf');
  // Of two members of one name, JSON.parse takes the last, and nothing else is checked.
  expect(problemOf(JSON.parse('{"toString":"a","toString":1}'), named, 'it')).toBeDefined();
  for (const text of ['9007199254740993', '1e400', '-1e400', '1e300', '1.5']) {
    expect(problemOf(JSON.parse(text), { type: 'integer' }, 'it')).toBeDefined();
  }
  expect(problemOf(JSON.parse('1e400'), { type: 'number' }, 'it')).toBeDefined();
  expect(problemOf(JSON.parse('[1e2, -0]'), { items: { type: 'integer' } }, 'it')).toBe(undefined);
});

test('an unknown keyword is refused, wherever it is', () => {
  for (const unknown of [
    { multipleOf: 2 },
    { type: 'text' },
    { items: { format: 'uri' } },
    { properties: { a: { not: {} } } },
    { anyOf: [{}, { oneOf: [] }] },
    { additionalProperties: { $ref: '#' } },
    { constructor: 1 },
  ] as Schema[]) {
    expect(() => checksOf(unknown)).toThrow(TypeError);
  }
});

test('query text is converted to its type, and stays text if it does not fit', () => {
  for (const [text, type, read] of [
    ['12', 'integer', 12],
    ['-1.5', 'number', -1.5],
    ['1e9', 'number', '1e9'],
    [' 1', 'integer', ' 1'],
    ['', 'integer', ''],
    ['Infinity', 'number', 'Infinity'],
    ['0x10', 'integer', '0x10'],
    ['9'.repeat(16), 'integer', '9'.repeat(16)],
    ['true', 'boolean', true],
    ['false', 'boolean', false],
    ['TRUE', 'boolean', 'TRUE'],
    ['12', 'string', '12'],
    ['12', undefined, '12'],
  ] as const) {
    expect(readQueryValue(text, { type })).toBe(read);
  }
});

test('a value has the type of its schema', () => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1 },
      count: { type: ['integer', 'null'] },
      word: { enum: ['a', 1] },
      one: { const: true },
      rest: {},
      either: { anyOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'number' } }] },
      byName: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['name'],
  } as const;
  type Value = FromSchema<typeof schema>;
  expectTypeOf<{
    readonly name: string;
    readonly count?: number | null;
    readonly word?: 'a' | 1;
    readonly one?: true;
    readonly rest?: unknown;
    readonly either?: boolean | readonly number[];
    readonly byName?: { readonly [name: string]: string };
  }>().toEqualTypeOf<{ [Name in keyof Value]: Value[Name] }>();
  const value: Value = { name: 'a', count: null, word: 1, either: [1], byName: { a: 'b' } };
  expect(problemOf(value, schema, 'it')).toBeUndefined();
});

test('a route gets its query and its body in the types of their schemas', () => {
  const route = { method: 'POST', path: '/', role: 'public', about: '', replies: {} } as const;
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
  } as const;
  const typed = routeOf({
    ...route,
    query: { must: { type: 'string', required: true }, may: { type: 'integer' } },
    body: schema,
    answer({ query }, body) {
      expectTypeOf(query.must).toEqualTypeOf<string>();
      expectTypeOf(query.may).toEqualTypeOf<number | undefined>();
      // @ts-expect-error -- the query has no such schema
      expectTypeOf(query.other).toBeAny();
      expectTypeOf(body.a).toEqualTypeOf<string>();
      return new Response();
    },
  });
  routeOf({
    ...route,
    body: { type: 'string' },
    media: ['image/*'],
    answer(_call, body) {
      expectTypeOf(body).toEqualTypeOf<string | undefined>();
      return new Response();
    },
  });
  expect(typed.body).toBe(schema);
});
