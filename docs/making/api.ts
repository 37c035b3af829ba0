import { readFileSync } from 'node:fs';
import {
  Application,
  type Comment,
  type CommentDisplayPart,
  type DeclarationReflection,
  type ParameterReflection,
  type ProjectReflection,
  ReflectionKind,
  type SignatureReflection,
  type SomeType,
  type UnionType,
} from 'typedoc';
import { type UnexportedType, unexportedType } from './unexported-types.js';

/*
 * The API reference as pages of Markdown, one for each entry, that can be read as plain text. The
 * names, types and comments are those that TypeDoc finds in the code.
 */

/** Longer types, such as those of schemas, are left out. */
const LONGEST_TYPE = 400;
const COLUMNS = 100;

/** Reads the entries of the package. */
export async function readApi(): Promise<ProjectReflection> {
  const { entryPoints, tsconfig, excludeExternals, preservedTypeAnnotationTags } = JSON.parse(
    readFileSync('typedoc.json', 'utf8'),
  ) as Record<string, never>;
  const app = await Application.bootstrap({
    ...{ entryPoints, tsconfig, excludeExternals, preservedTypeAnnotationTags },
    ...{ disableSources: true, skipErrorChecking: true, readme: 'none', logLevel: 'Error' },
  });
  const project = await app.convert();
  if (!project) throw new Error('expected the entries to compile');
  return project;
}

/** The pages by the names of their files. */
export function apiPages(project: ProjectReflection): Map<string, string> {
  const modules = [...(project.children ?? [])];
  aliases.clear();
  exported.clear();
  for (const module of modules) for (const { name } of module.children ?? []) exported.add(name);
  for (const { name, type } of modules.flatMap(({ children = [] }) => children)) {
    if (type?.type === 'union') aliases.set(keyOf(type), name);
  }
  const pages = new Map(modules.map((module) => [fileOf(module.name), pageOf(module)]));
  const rows = modules.map(({ name, comment }) => {
    const about = textOf(comment?.summary).replaceAll('\n', ' ');
    return `- [\`${name}\`](${fileOf(name)}): ${about}`;
  });
  pages.set(
    'README.md',
    `${NOTE}\n# API\n\n${rows.map((row) => wrapped(row, '  ')).join('\n')}\n\n${AFTER}\n`,
  );
  return pages;
}

const NOTE = '<!-- Written from the code: npx vitest run test/docs/api.test.ts -u -->\n';
const AFTER = `[Entries of the package](../entries.md) says what each provides, and
[options](../options.md) has bounds and defaults.`;

const fileOf = (name: string) => `${name.replace(/^onlyhashes\/?/, '') || 'onlyhashes'}.md`;

const SECTIONS: readonly (readonly [title: string, kind: ReflectionKind])[] = [
  ['Functions', ReflectionKind.Function],
  ['Classes', ReflectionKind.Class],
  ['Types', ReflectionKind.Interface | ReflectionKind.TypeAlias],
  ['Values', ReflectionKind.Variable],
];

function pageOf(module: DeclarationReflection): string {
  const sections = SECTIONS.map(([title, kind]) => ({
    title,
    members: (module.children ?? []).filter((each) => targetOf(each).kindOf(kind)).sort(byName),
  })).filter(({ members }) => members.length > 0);
  const parts = [`${NOTE}\n# ${module.name}`, textOf(module.comment?.summary)];
  unexported.clear();
  const described = sections.flatMap(({ title, members }) => [
    `## ${title}`,
    ...members.flatMap((member) => [`### ${member.name}`, ...partsOf(member)]),
  ]);
  const further = furtherTypes();
  const taken = new Set(sections.map(({ title }) => title.toLowerCase()));
  const linkOf = (name: string) => `[\`${name}\`](#${anchorOf(name, taken)})`;
  const contents = sections.map(
    ({ title, members }) => `${title}: ${members.map(({ name }) => linkOf(name)).join(', ')}`,
  );
  if (further.length > 0) {
    contents.push(`Not exported: ${further.map(({ name }) => linkOf(name)).join(', ')}`);
  }
  parts.push(...contents.map((line) => wrapped(line)));
  parts.push(...described);
  if (further.length > 0) {
    parts.push('## Types that are not exported', FURTHER);
    for (const { name, declared, about, members } of further) {
      const items = members.flatMap((each) => itemOf(each.declared, [each.about], 0));
      parts.push(`### ${name}`, code(declared), about, items.join('\n'));
    }
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const FURTHER = 'Parameters take these. They cannot be imported by name.';

/** Types that a page names and that are not exported, by the file that declares them. */
const unexported = new Map<string, string>();
/** Those that callers write; others are internals, or long. */
const IS_WRITTEN = /(Options|Keys|Filter|Condition|Limits|Query|Source|Part|Said)$/;

/** The types in `unexported`, and those that they name, as far as callers write them. */
function furtherTypes(): UnexportedType[] {
  const found = new Map<string, UnexportedType>();
  for (const [name, path] of unexported) {
    if (!IS_WRITTEN.test(name) || exported.has(name)) continue;
    const type = unexportedType(path, name);
    if (!type || exported.has(type.name)) continue;
    found.set(type.name, type);
    for (const each of type.names) if (!unexported.has(each)) unexported.set(each, type.path);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names that some entry exports. */
const exported = new Set<string>();

const byName = (a: DeclarationReflection, b: DeclarationReflection) =>
  a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1;

/** The anchor of a heading: two that differ in case alone would be one. */
function anchorOf(name: string, taken: Set<string>): string {
  const anchor = name.toLowerCase();
  let own = anchor;
  for (let count = 1; taken.has(own); count++) own = `${anchor}-${count}`;
  taken.add(own);
  return own;
}

/** The export that a re-export of another entry is of. */
const targetOf = (member: DeclarationReflection) =>
  member.isReference() ? (member.getTargetReflectionDeep() as DeclarationReflection) : member;

/** The declaration of an export, its comment and its members. */
function partsOf(member: DeclarationReflection): string[] {
  if (member.isReference()) {
    const { name } = targetOf(member).parent!;
    return [`As in [\`${name}\`](${fileOf(name)}).`];
  }
  const { name, kind, type, comment, signatures = [] } = member;
  if (kind === ReflectionKind.Function) {
    return signatures.flatMap((each) => [
      code(longCall(`function ${name}`, each)),
      ...saidOf(each),
    ]);
  }
  if (kind === ReflectionKind.Variable) {
    const of = type ? typeOf(type) : '';
    const declared = of === '' || of.length > LONGEST_TYPE ? '' : `: ${of}`;
    return [code(`const ${name}${declared}`), ...commentParts(comment)];
  }
  if (kind === ReflectionKind.TypeAlias) {
    const generic = parametersOf(member);
    const key = type?.type === 'union' ? keyOf(type) : '';
    aliases.delete(key);
    const of = type ? typeOf(type) : '';
    if (key !== '') aliases.set(key, name);
    const isLong = of.length > COLUMNS && type?.type === 'union' && !of.includes('(');
    const declared = isLong
      ? of
          .split(' | ')
          .map((each) => `\n  | ${each}`)
          .join('')
      : ` ${of}`;
    return [code(`type ${name}${generic} =${declared}`), ...commentParts(comment)];
  }
  const isClass = kind === ReflectionKind.Class;
  const bases = member.extendedTypes?.map(typeOf) ?? [];
  const word = isClass ? 'class' : 'interface';
  const base = bases.length > 0 ? ` extends ${bases.join(', ')}` : '';
  const calls = signatures.map((each) => each.comment ?? undefined).find((each) => each);
  return [
    code(
      [
        `${word} ${name}${parametersOf(member)}${base}`,
        ...signatures.map((each) => longCall('', each)),
      ].join('\n'),
    ),
    ...commentParts(comment ?? calls),
    (member.children ?? []).flatMap(lineOf).join('\n'),
  ];
}

const parametersOf = ({ typeParameters }: DeclarationReflection | SignatureReflection) =>
  typeParameters?.length ? `<${typeParameters.map(({ name }) => name).join(', ')}>` : '';

/** Members of a class or an interface, one item each; inherited ones are listed at their own. */
function lineOf(member: DeclarationReflection): string[] {
  if (member.inheritedFrom?.reflection || member.flags.isPrivate) return [];
  const { name, type, comment, signatures, flags, defaultValue, getSignature } = member;
  if (signatures) {
    return signatures.flatMap((each) => {
      const call = callOf(each.name, each);
      return itemOf(call, saidOf(each), 0);
    });
  }
  const of = getSignature?.type ?? type;
  const declared = `${name}${flags.isOptional ? '?' : ''}${of ? `: ${typeOf(of)}` : ''}`;
  // Not the name of a constant.
  const value =
    defaultValue && /^['\d[{]|^(true|false)$/.test(defaultValue) ? ` = ${defaultValue}` : '';
  return itemOf(`${declared}${value}`, commentParts(comment ?? getSignature?.comment), 0);
}

/** Begins what the tags of a comment say. */
const TAGS = /^(Returns: |Throws |Default: )/;

/** A declaration and what its comment says, as an item of a list. */
function itemOf(
  declared: string,
  [first = '', ...rest]: readonly string[],
  depth: number,
): string[] {
  const indent = '  '.repeat(depth);
  const dash = `${indent}- \`${declared}\``;
  const isText = first !== '' && !/^(```|- )/.test(first) && !TAGS.test(first);
  const lines = [wrapped(isText ? `${dash}: ${first.replaceAll('\n', ' ')}` : dash, `${indent}  `)];
  for (const part of isText || first === '' ? rest : [first, ...rest]) {
    const item = TAGS.test(part) ? wrapped(`- ${part}`, '  ') : part;
    lines.push(item.replaceAll(/^(?=.)/gm, `${indent}  `));
  }
  return lines;
}

/** A function as its callers see it, with a line for each parameter if one is too short. */
function longCall(name: string, signature: SignatureReflection): string {
  const call = callOf(name, signature);
  return call.length <= COLUMNS ? call : callOf(name, signature, '\n');
}

/**
 * A function as its callers see it.
 * @param space before and between parameters
 */
function callOf(name: string, signature: SignatureReflection, space: '' | '\n' = ''): string {
  const { parameters = [], type, kind } = signature;
  const taken = parameters.map((each) => {
    const isOptional = each.flags.isOptional || each.defaultValue !== undefined;
    const rest = each.flags.isRest ? '...' : '';
    return `${rest}${nameOf(each)}${isOptional ? '?' : ''}: ${each.type ? typeOf(each.type) : ''}`;
  });
  const generic = parametersOf(signature);
  const list =
    space === '' ? taken.join(', ') : taken.map((each) => `\n  ${each},`).join('') + space;
  if (kind === ReflectionKind.ConstructorSignature) return `new ${name}(${list})`;
  return `${name}${generic}(${list}): ${type ? typeOf(type) : 'void'}`;
}

/** TypeDoc's word for options that are taken apart at once. */
export const nameOf = ({ name }: ParameterReflection) =>
  name === '__namedParameters' ? 'options' : name;

/** Everything that is said of a call: what it does, its parameters, result, errors and examples. */
function saidOf(signature: SignatureReflection): string[] {
  const { comment, parameters = [] } = signature;
  const described = parameters.filter((each) => each.comment?.hasVisibleComponent());
  const items = described.flatMap((each) =>
    itemOf(nameOf(each), [textOf(each.comment?.summary)], 0),
  );
  const [summary, others] = [textOf(comment?.summary), tagParts(comment)];
  return [summary, items.join('\n'), ...others].filter((part) => part !== '');
}

/** The paragraphs of a comment. */
const commentParts = (comment: Comment | undefined): string[] =>
  [textOf(comment?.summary), ...tagParts(comment)].filter((part) => part !== '');

/** Those of its tags. */
function tagParts(comment: Comment | undefined): string[] {
  if (!comment) return [];
  const of = (tag: `@${string}`) => comment.blockTags.filter((each) => each.tag === tag);
  return [
    ...of('@defaultValue').map(({ content }) => wrapped(`Default: ${textOf(content)}`)),
    ...of('@returns').map(({ content }) => wrapped(`Returns: ${textOf(content)}`)),
    ...of('@throws').map((tag) => wrapped(`Throws ${throwsOf(tag)}`)),
    ...of('@example').map(({ content }) => exampleOf(textOf(content))),
  ];
}

/** The type of an error, and when it is thrown. */
const throwsOf = ({ typeAnnotation = '', content }: Comment['blockTags'][number]) => {
  if (typeAnnotation === '') return textOf(content);
  const types = typeAnnotation
    .replaceAll(/[{}]/g, '')
    .split('|')
    .map((each) => `\`${each.trim()}\``);
  return `${types.join(' or ')} ${textOf(content)}`;
};

const exampleOf = (text: string) => (text.includes('```') ? text : code(text));

const code = (text: string) => `\`\`\`ts\n${text}\n\`\`\``;

const textOf = (parts: readonly CommentDisplayPart[] | undefined): string =>
  (parts ?? [])
    .map(({ text }) => text)
    .join('')
    .trim();

/** A text without breaks in lines of at most 100 columns; code is not broken. */
function wrapped(text: string, indent = ''): string {
  const words = text.replaceAll('\n', ' ').match(/(?:`[^`]*`|\S)+/g) ?? [];
  const start = /^\s*/.exec(text)![0];
  const lines = [start];
  for (const [at, word] of words.entries()) {
    const line = lines.at(-1)!;
    // Never a dash alone.
    const isFirst = at === 0 || /^\s*-$/.test(line);
    if (!isFirst && line.length + 1 + word.length > COLUMNS) lines.push(indent + word);
    else lines[lines.length - 1] = at === 0 ? line + word : `${line} ${word}`;
  }
  return lines.join('\n');
}

/** The names of exported unions, by their members: TypeDoc has lost them where they are used. */
const aliases = new Map<string, string>();

const keyOf = ({ types }: UnionType) => types.map(String).sort().join('|');

/** A type as it would be written. */
function typeOf(type: SomeType): string {
  switch (type.type) {
    case 'reflection': {
      const { declaration } = type;
      const [signature, ...more] = declaration.signatures ?? [];
      if (signature && more.length === 0) {
        return callOf('', signature).replace(/\): (?!.*\): )/, ') => ');
      }
      const members = (declaration.children ?? []).map((each) => {
        const [method] = each.signatures ?? [];
        if (method) return callOf(each.name, method);
        return `${each.name}${each.flags.isOptional ? '?' : ''}: ${each.type ? typeOf(each.type) : ''}`;
      });
      return `{ ${members.join('; ')} }`;
    }
    case 'array':
      return /^\w/.test(typeOf(type.elementType)) && !typeOf(type.elementType).includes(' ')
        ? `${typeOf(type.elementType)}[]`
        : `(${typeOf(type.elementType)})[]`;
    case 'union': {
      const named = aliases.get(keyOf(type));
      if (named !== undefined) return named;
      return type.types
        .map((each) => (typeOf(each).includes(' => ') ? `(${typeOf(each)})` : typeOf(each)))
        .join(' | ');
    }
    case 'intersection':
      return type.types
        .map((each) => (each.type === 'union' ? `(${typeOf(each)})` : typeOf(each)))
        .join(' & ');
    case 'reference': {
      const { symbolId } = type;
      if (symbolId && /^src\//.test(symbolId.packagePath)) {
        unexported.set(type.name, symbolId.packagePath);
      }
      const of = type.name.startsWith('Uint8Array') ? [] : (type.typeArguments?.map(typeOf) ?? []);
      if (type.name === 'Buffer') return type.name;
      // The last two of an iterable are `any` unless they are named.
      while (/^Async(Iter|Gen)|^Iter|^Gen/.test(type.name) && of.length > 1 && of.at(-1) === 'any')
        of.pop();
      return of.length > 0 ? `${type.name}<${of.join(', ')}>` : type.name;
    }
    case 'typeOperator':
      return `${type.operator} ${typeOf(type.target)}`;
    case 'tuple':
      return `[${type.elements.map(typeOf).join(', ')}]`;
    case 'namedTupleMember':
      return `${type.name}${type.isOptional ? '?' : ''}: ${typeOf(type.element)}`;
    default:
      return type.toString();
  }
}
