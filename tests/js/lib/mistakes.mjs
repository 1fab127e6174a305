// Wrong documents: a valid one, and one mistake in it. Every mistake names the rule it breaks, and counts only when
// graphql-js finds that very rule broken.
import {
  getNamedType, getNullableType, isCompositeType, isEnumType, isInputObjectType, isLeafType, isListType, isNonNullType,
  Kind, parse, print, TypeInfo, visit, visitWithTypeInfo,
} from 'graphql';

import { RULES, validationErrors } from './schema.mjs';

const name = (value) => ({ kind: Kind.NAME, value });
const field = (value, rest = {}) => ({ kind: Kind.FIELD, name: name(value), ...rest });
const argument = (key, value) => ({ kind: Kind.ARGUMENT, name: name(key), value });
const int = (value) => ({ kind: Kind.INT, value: String(value) });
const string = (value) => ({ kind: Kind.STRING, value });
const boolean = (value) => ({ kind: Kind.BOOLEAN, value });
const variable = (value) => ({ kind: Kind.VARIABLE, name: name(value) });
const directive = (key, args = []) => ({ kind: Kind.DIRECTIVE, name: name(key), arguments: args });
const namedType = (value) => ({ kind: Kind.NAMED_TYPE, name: name(value) });
const set = (...selections) => ({ kind: Kind.SELECTION_SET, selections });
const spread = (value) => ({ kind: Kind.FRAGMENT_SPREAD, name: name(value) });
const inline = (type, ...selections) => ({ kind: Kind.INLINE_FRAGMENT, typeCondition: namedType(type), selectionSet: set(...selections) });
const typename = () => field('__typename', { alias: name('kind') });
const declaration = (key, type, defaultValue) => ({ kind: Kind.VARIABLE_DEFINITION, variable: variable(key), type, defaultValue });
const fragment = (key, type, ...selections) => ({ kind: Kind.FRAGMENT_DEFINITION, name: name(key), typeCondition: namedType(type), selectionSet: set(...selections) });

/** A place to make a mistake at: a node of one kind with its types. */
function places(document, schema, kind) {
  const found = [];
  const info = new TypeInfo(schema);
  visit(document, visitWithTypeInfo(info, {
    enter(node) {
      if (node.kind === kind) {
        found.push({ node, parent: info.getParentType(), definition: info.getFieldDef(), type: info.getType(), input: info.getInputType(), argument: info.getArgument() });
      }
    },
  }));
  return found;
}

/** The document with one node replaced; `null` removes it. */
function replace(document, node, by) {
  return visit(document, { enter: (one) => (one === node ? by : undefined) });
}

function change(kind, choose) {
  return ({ document, schema, random }) => {
    for (const place of random.shuffled(places(document, schema, kind))) {
      const by = choose(place, { document, schema, random });
      if (by !== undefined) return replace(document, place.node, by);
    }
    return undefined;
  };
}

const inSelection = (choose) =>
  change(Kind.SELECTION_SET, (place, all) => {
    const added = place.parent && choose(place, all);
    return added && { ...place.node, selections: all.random.shuffled([...place.node.selections, ...[added].flat()]) };
  });

const onOperation = (alter) => ({ document, schema, random }) => {
  const operation = random.pick(document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION));
  return replace(document, operation, alter(operation, { document, schema, random }));
};

const adding = (...definitions) => ({ document }) => ({ ...document, definitions: [...document.definitions, ...definitions] });

const both = (first, second) => (all) => {
  const document = first(all);
  return document && second({ ...all, document });
};

const withVariable = (key, type, defaultValue) =>
  onOperation((operation) => ({ ...operation, variableDefinitions: [...(operation.variableDefinitions ?? []), declaration(key, type, defaultValue)] }));

/** A literal that no place of this input type takes. */
function wrongLiteral(type, random) {
  const nullable = getNullableType(type);
  if (isNonNullType(type) && random.chance(0.25)) return { kind: Kind.NULL };
  if (isListType(nullable)) return { kind: Kind.LIST, values: [wrongLiteral(nullable.ofType, random)] };
  if (isInputObjectType(nullable)) {
    return random.pick([
      string('text'),
      int(1),
      { kind: Kind.OBJECT, fields: [{ kind: Kind.OBJECT_FIELD, name: name('noSuchField'), value: int(1) }] },
    ]);
  }
  if (isEnumType(nullable)) return random.pick([{ kind: Kind.ENUM, value: 'NO_SUCH_VALUE' }, string(nullable.getValues()[0].name), int(0)]);
  const object = { kind: Kind.OBJECT, fields: [] };
  const wrong = {
    Int: [string('1'), boolean(true), { kind: Kind.FLOAT, value: '1.0' }, { kind: Kind.FLOAT, value: '1e3' }, int(2147483648), int('-2147483649'), int('99999999999999999999'), { kind: Kind.ENUM, value: 'ONE' }, object],
    Float: [string('1.5'), boolean(false), object],
    Boolean: [string('true'), int(1), { kind: Kind.ENUM, value: 'TRUE' }],
    ID: [boolean(true), { kind: Kind.FLOAT, value: '1.5' }, { kind: Kind.ENUM, value: 'CODE' }, object],
    String: [int(1), boolean(true), { kind: Kind.ENUM, value: 'TEXT' }, object, { kind: Kind.LIST, values: [string('a'), int(1)] }],
    Decimal: [string('twelve'), boolean(true), object],
  };
  return random.pick(wrong[nullable.name] ?? []);
}

/** The leaf and composite fields of a type that can be written without arguments. */
const plainFields = (type) => Object.values(type?.getFields?.() ?? {}).filter((one) => one.args.every((arg) => !isNonNullType(arg.type) || arg.defaultValue !== undefined));
const leaves = (type) => plainFields(type).filter((one) => isLeafType(getNamedType(one.type)));
const composites = (type) => plainFields(type).filter((one) => isCompositeType(getNamedType(one.type)));

const twice = (kind, key) =>
  change(kind, ({ node }, { random }) => (node[key]?.length > 0 ? { ...node, [key]: [...node[key], random.pick(node[key])] } : undefined));

/** Rule → ways to break it. Each: `({document, schema, random})` → document, or undefined where it does not apply. */
export const MISTAKES = {
  FieldsOnCorrectTypeRule: [
    change(Kind.FIELD, ({ node, parent }) => parent && { ...node, name: name('noSuchField') }),
    change(Kind.FIELD, ({ node, parent, definition }) => parent && definition && { ...node, alias: undefined, name: name(`${node.name.value}s`) }),
    inSelection(({ parent }) => (isCompositeType(parent) ? field('__schem') : undefined)),
  ],
  KnownArgumentNamesRule: [
    change(Kind.FIELD, ({ node, definition }) => definition && { ...node, arguments: [...(node.arguments ?? []), argument('noSuchArgument', int(1))] }),
    inSelection(() => field('__typename', { alias: name('kind'), directives: [directive('skip', [argument('if', boolean(false)), argument('unless', boolean(true))])] })),
  ],
  KnownTypeNamesRule: [
    inSelection(() => inline('NoSuchType', typename())),
    both(withVariable('odd', namedType('NoSuchInput')), inSelection(({ parent }, { schema }) => (parent === schema.getQueryType() ? field('__type', { alias: name('odd'), arguments: [argument('name', variable('odd'))], selectionSet: set(field('name')) }) : undefined))),
  ],
  KnownFragmentNamesRule: [inSelection(() => spread('NoSuchFragment'))],
  KnownDirectivesRule: [
    change(Kind.FIELD, ({ node }) => ({ ...node, directives: [...(node.directives ?? []), directive('noSuchDirective')] })),
    onOperation((operation) => ({ ...operation, directives: [directive('include', [argument('if', boolean(true))])] })),
  ],
  ValuesOfCorrectTypeRule: [
    change(Kind.ARGUMENT, ({ node, input }, { random }) => {
      const value = input && wrongLiteral(input, random);
      return value && { ...node, value };
    }),
    change(Kind.OBJECT_FIELD, ({ node, input }, { random }) => {
      const value = input && wrongLiteral(input, random);
      return value && { ...node, value };
    }),
    change(Kind.VARIABLE_DEFINITION, ({ node, input }, { random }) => {
      const defaultValue = input && wrongLiteral(input, random);
      return defaultValue && { ...node, defaultValue };
    }),
    change(Kind.OBJECT, ({ node }) => ({ ...node, fields: [...node.fields, { kind: Kind.OBJECT_FIELD, name: name('noSuchField'), value: int(1) }] })),
    change(Kind.OBJECT, ({ node, input }, { random }) => {
      const type = getNamedType(input);
      const required = isInputObjectType(type) ? node.fields.filter((one) => isNonNullType(type.getFields()[one.name.value]?.type)) : [];
      const gone = random.pick(required);
      return gone && { ...node, fields: node.fields.filter((one) => one !== gone) };
    }),
  ],
  ProvidedRequiredArgumentsRule: [
    change(Kind.FIELD, ({ node, definition }) => (definition?.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined) ? { ...node, arguments: [] } : undefined)),
    inSelection(() => field('__typename', { alias: name('kind'), directives: [directive('skip')] })),
  ],
  NoUndefinedVariablesRule: [
    change(Kind.ARGUMENT, ({ node, input }) => input && { ...node, value: variable('undefinedVariable') }),
    inSelection(() => field('__typename', { alias: name('kind'), directives: [directive('include', [argument('if', variable('undefinedVariable'))])] })),
    change(Kind.VARIABLE_DEFINITION, () => null),
  ],
  NoUnusedVariablesRule: [withVariable('unused', namedType('Int')), withVariable('unused', namedType('String'), string('x'))],
  NoUnusedFragmentsRule: [adding(fragment('Unused', 'Query', typename()))],
  NoFragmentCyclesRule: [
    both(adding(fragment('Round', 'Query', typename(), spread('Round'))), onOperation((operation) => ({ ...operation, selectionSet: set(...operation.selectionSet.selections, spread('Round')) }))),
    both(
      adding(fragment('Ping', 'Query', spread('Pong')), fragment('Pong', 'Query', typename(), inline('Query', spread('Ping')))),
      onOperation((operation) => ({ ...operation, selectionSet: set(...operation.selectionSet.selections, spread('Ping')) })),
    ),
  ],
  UniqueOperationNamesRule: [
    ({ document }) => {
      const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
      const twin = { ...operation, name: name('Twin') };
      return { ...document, definitions: [...document.definitions.filter((one) => one !== operation), twin, twin] };
    },
  ],
  UniqueVariableNamesRule: [twice(Kind.OPERATION_DEFINITION, 'variableDefinitions')],
  UniqueArgumentNamesRule: [twice(Kind.FIELD, 'arguments'), twice(Kind.DIRECTIVE, 'arguments')],
  UniqueInputFieldNamesRule: [twice(Kind.OBJECT, 'fields')],
  UniqueFragmentNamesRule: [
    ({ document, random }) => {
      const one = random.pick(document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION));
      return one && { ...document, definitions: [...document.definitions, one] };
    },
  ],
  UniqueDirectivesPerLocationRule: [
    change(Kind.FIELD, ({ node }) => ({ ...node, directives: [directive('skip', [argument('if', boolean(false))]), directive('skip', [argument('if', boolean(false))])] })),
  ],
  OverlappingFieldsCanBeMergedRule: [
    // Two fields under one key.
    inSelection(({ parent }, { random }) => {
      const [one, other] = random.shuffled(leaves(parent));
      return other && [field(one.name, { alias: name('clash') }), field(other.name, { alias: name('clash') })];
    }),
    // One field with other arguments.
    change(Kind.SELECTION_SET, ({ node, parent }, { schema, random }) => {
      if (!parent) return undefined;
      const called = node.selections.filter((one) => one.kind === Kind.FIELD && one.arguments?.length > 0 && one.selectionSet && !one.name.value.startsWith('__'));
      const one = random.pick(called);
      const type = one && getNamedType(parent.getFields?.()[one.name.value]?.type);
      if (!type || !schema.getType(type.name)) return undefined;
      const twin = { ...one, arguments: one.arguments.slice(1), directives: [], selectionSet: set(typename()) };
      return { ...node, selections: [...node.selections, twin] };
    }),
    // Deep: the clash is one level down, and half of it inside a fragment.
    inSelection(({ parent }, { random }) => {
      for (const above of random.shuffled(composites(parent))) {
        const [one, other] = random.shuffled(leaves(getNamedType(above.type)));
        if (!other) continue;
        const half = (leaf) => field(above.name, { alias: name('deep'), selectionSet: set(field(leaf.name, { alias: name('clash') })) });
        return [half(one), inline(parent.name, half(other))];
      }
      return undefined;
    }),
    // Two object types that never meet, but whose answers would not have one shape.
    inSelection(({ parent }, { schema, random }) => {
      if (parent?.name !== 'Node') return undefined;
      const [left, right] = random.shuffled(schema.getPossibleTypes(parent));
      for (const one of random.shuffled(leaves(left))) {
        const other = leaves(right ?? left).find((leaf) => String(leaf.type) !== String(one.type));
        if (right && other) return [inline(left.name, field(one.name, { alias: name('shape') })), inline(right.name, field(other.name, { alias: name('shape') }))];
      }
      return undefined;
    }),
  ],
  ScalarLeafsRule: [
    change(Kind.FIELD, ({ node, definition }) => (definition && isLeafType(getNamedType(definition.type)) ? { ...node, selectionSet: set(typename()) } : undefined)),
    change(Kind.FIELD, ({ node, definition }) => (definition && isCompositeType(getNamedType(definition.type)) ? { ...node, selectionSet: undefined } : undefined)),
  ],
  VariablesAreInputTypesRule: [withVariable('odd', namedType('Query')), withVariable('odd', { kind: Kind.LIST_TYPE, type: namedType('Query') })],
  VariablesInAllowedPositionRule: [
    both(withVariable('wrong', namedType('String')), inSelection(() => field('__typename', { alias: name('kind'), directives: [directive('skip', [argument('if', variable('wrong'))])] }))),
    both(withVariable('wrong', namedType('Boolean')), inSelection(() => field('__typename', { alias: name('kind'), directives: [directive('include', [argument('if', variable('wrong'))])] }))),
    both(withVariable('wrong', { kind: Kind.LIST_TYPE, type: namedType('Boolean') }), change(Kind.ARGUMENT, ({ node, input }) => (input && !isListType(getNullableType(input)) ? { ...node, value: variable('wrong') } : undefined))),
    both(withVariable('wrong', namedType('Int')), change(Kind.ARGUMENT, ({ node, input }) => (input && getNamedType(input).name !== 'Int' ? { ...node, value: variable('wrong') } : undefined))),
  ],
  FragmentsOnCompositeTypesRule: [
    inSelection(() => inline('String', typename())),
    inSelection((_, { schema, random }) => inline(random.pick(Object.values(schema.getTypeMap()).filter((type) => isInputObjectType(type) || isEnumType(type))).name, typename())),
  ],
  PossibleFragmentSpreadsRule: [
    inSelection(({ parent }, { schema, random }) => {
      const others = Object.values(schema.getTypeMap()).filter((type) => isCompositeType(type) && !type.name.startsWith('__'));
      const other = isCompositeType(parent) && random.pick(others.filter((type) => {
        const all = (one) => (schema.isSubType && one.getTypes === undefined && one.getInterfaces && !schema.getPossibleTypes(one)?.length ? [one] : schema.getPossibleTypes(one));
        const mine = new Set(all(parent));
        return !all(type).some((one) => mine.has(one));
      }));
      return other ? inline(other.name, typename()) : undefined;
    }),
  ],
  LoneAnonymousOperationRule: [
    adding({ kind: Kind.OPERATION_DEFINITION, operation: 'query', selectionSet: set(typename()) }),
  ],
  ExecutableDefinitionsRule: [adding({ kind: Kind.OBJECT_TYPE_DEFINITION, name: name('Extra'), fields: [] })],
  SingleFieldSubscriptionsRule: [
    ({ schema }) => {
      const fields = leaves(schema.getSubscriptionType());
      return fields.length > 0 ? { kind: Kind.DOCUMENT, definitions: [{ kind: Kind.OPERATION_DEFINITION, operation: 'subscription', selectionSet: set(field(fields[0].name, { alias: name('a') }), field(fields[0].name, { alias: name('b') })) }] } : undefined;
    },
  ],
};

/** Text that no parser takes, made out of text that one does. */
const BROKEN_TEXT = [
  (text) => text.replace(/\}\s*$/, ''),
  (text) => `${text}}`,
  (text, random) => { const at = random.int(0, text.length); return `${text.slice(0, at)} % ${text.slice(at)}`; },
  (text) => text.replace(/\{/, '{ "'),
  () => '',
  () => '# nothing but a comment',
  () => '{ }',
  () => 'query () { __typename }',
  () => '{ a: }',
  () => '{ articles() { nodes { code } } }',
  () => 'fragment on on Article { code }',
  () => '{ articles(first: 01) { totalCount } }',
  () => '{ articles(first: 1.) { totalCount } }',
  () => '{ article(code: "A\nB") { code } }',
  () => '{ article(code: "\\x") { code } }',
  () => '{ article(code: "\\uD800") { code } }',
  () => '{ article(code: "unterminated) { code } }',
  () => '{ ... on { code } }',
  () => '{ ..articles { totalCount } }',
  () => 'query Q($v Int) { __typename }',
  () => 'query Q($v: [Int) { __typename }',
  () => 'query Q($v: Int = $w) { __typename }',
  () => 'mutations { a }',
  () => '{ a @skip(if: true, ) } }',
];

/** A valid operation → one with a mistake of the kind asked for, or undefined where that cannot be. */
export function spoil({ operation, kind, schema, random }) {
  if (kind === 'syntax') {
    const query = random.pick(BROKEN_TEXT)(operation.query, random);
    return isSyntax(query) ? undefined : { ...operation, query };
  }
  const document = parse(operation.query, { noLocation: true });
  const spoiled = random.pick(MISTAKES[kind])({ document, schema, random });
  if (!spoiled) return undefined;
  // What is printed is what counts: shared nodes, empty lists and the like are gone in the text.
  const query = print(spoiled);
  if (!isSyntax(query)) return undefined;
  return validationErrors(schema, parse(query), [RULES.get(kind)]).length > 0 ? { ...operation, query } : undefined;
}

function isSyntax(query) {
  try {
    parse(query);
    return true;
  } catch {
    return false;
  }
}
