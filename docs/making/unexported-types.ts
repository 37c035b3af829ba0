import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** A type of the code that the package does not export, as its file declares it. */
export interface UnexportedType {
  readonly name: string;
  /** its declaration without members; of an alias, the whole of it */
  readonly declared: string;
  readonly about: string;
  readonly members: readonly { readonly declared: string; readonly about: string }[];
  /** the file that declares it, and the names of types in it */
  readonly path: string;
  readonly names: readonly string[];
}

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

const files = new Map<string, ts.SourceFile>();

function parsed(path: string): ts.SourceFile {
  const known = files.get(path);
  if (known) return known;
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  files.set(path, file);
  return file;
}

/**
 * Finds a type by its name in a file, or in the file that this one imports it from.
 * @returns undefined if it is none of the code, or a class
 */
export function unexportedType(path: string, name: string): UnexportedType | undefined {
  const found = declarationOf(path, name);
  if (!found) return undefined;
  const { node } = found;
  const names = new Set<string>();
  const look = (each: ts.Node): void => {
    if (ts.isTypeReferenceNode(each)) names.add(each.typeName.getText());
    if (ts.isExpressionWithTypeArguments(each)) names.add(each.expression.getText());
    ts.forEachChild(each, look);
  };
  look(node);
  const generic = node.typeParameters?.map((each) => each.name.text).join(', ');
  const title = `${node.name.text}${generic ? `<${generic}>` : ''}`;
  const isAlias = ts.isTypeAliasDeclaration(node);
  const bases = isAlias ? [] : (node.heritageClauses ?? []).flatMap(({ types }) => [...types]);
  const base = bases.length > 0 ? ` extends ${bases.map(shortText).join(', ')}` : '';
  return {
    name: node.name.text,
    declared: isAlias ? `type ${title} = ${shortText(node.type)}` : `interface ${title}${base}`,
    about: aboutOf(node),
    members: isAlias ? [] : node.members.map((each) => memberOf(each)),
    path: found.path,
    names: [...names],
  };
}

function memberOf(member: ts.TypeElement): UnexportedType['members'][number] {
  const text = shortText(member)
    .replace(/^readonly /, '')
    .replace(/;$/, '')
    .replace(/ \| undefined$/, '');
  const value = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue');
  const more = value ? `default ${ts.getTextOfJSDocComment(value.comment)}` : '';
  return {
    declared: text,
    about: [aboutOf(member), more].filter((part) => part !== '').join('; '),
  };
}

const shortText = (node: ts.Node) => node.getText().replaceAll(/\s+/g, ' ').replace(/= \| /, '= ');

const aboutOf = (node: ts.Node) =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join('\n');

function declarationOf(
  path: string,
  name: string,
): { path: string; node: Declaration } | undefined {
  for (const node of parsed(path).statements) {
    const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    if (isType && node.name.text === name) return { path, node };
    const isFrom = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    if (!isFrom || !node.moduleSpecifier) continue;
    const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
    const named = ts.isImportDeclaration(node)
      ? node.importClause?.namedBindings
      : node.exportClause;
    if (!specifier.startsWith('.') || !named || !('elements' in named)) continue;
    const element = [...named.elements].find((each) => each.name.text === name);
    if (!element) continue;
    const from = join(dirname(path), specifier.replace(/\.js$/, '.ts'));
    return declarationOf(from, (element.propertyName ?? element.name).text);
  }
  return undefined;
}
