// Answers any operation of Comptoir's contract out of merged data as plain JSON. Deliberately naive: everything is in
// memory, every record is looked at. What a field does follows from its type; LOOK_UPS and FIELDS are the exceptions.
//
// Data: { departments: {CODE: record}, articles: {…}, references: {…}, shop: {…} }, and optionally
//   order:   {articles: [codes]}      the order of pages, where it is not the code points of the codes
//   roots:   [codes]                  the departments without parent, in order; else they are found and put in code order
//   routes:  {path: Route}            what `route` answers
//   root:    {articles: {__error: …}} root fields that fail (a source that is down)
//   caseBlindCodes: true              `filter: {code: …}` and look-ups by code ignore case
// A record holds plain values for scalars, enums and records (images, options); links are codes; lists of links are lists
// of codes, or of {code, …} when an argument picks among them (related(kind:)). {"__error": "message"} in any place fails.
import { getNamedType, GraphQLError, isListType, isNonNullType, isObjectType } from 'graphql';

import { mutate, STEP_FIELDS } from './mutations.mjs';

/** Which part of the data holds the records of an entity type. */
export const ENTITIES = { Department: 'departments', Article: 'articles', Reference: 'references' };

const DEFAULT_PAGE = 20;
const MAXIMUM_PAGE = 100;

/** The merged data with its records typed, ready to be asked. */
export class Shop {
  constructor(data) {
    this.data = data;
    this.fold = data.caseBlindCodes ? (code) => String(code).toLowerCase() : String;
    this.records = {};
    for (const [type, part] of Object.entries(ENTITIES)) {
      const records = new Map();
      const given = data[part] ?? {};
      const codes = data.order?.[part] ?? Object.keys(given).sort(byCodePoints);
      for (const code of codes) {
        const record = given[code];
        records.set(this.fold(code), isFailure(record) ? { ...record, code } : { code, ...record, __typename: type });
      }
      this.records[type] = records;
    }
  }

  /** All records of a type in page order. */
  all(type) {
    return [...this.records[type].values()];
  }

  /** The record with this code, or null. */
  byCode(type, code) {
    return this.records[type].get(this.fold(code)) ?? null;
  }

  /** The one record whose field has this value, or null; two are an error. */
  byField(type, field, value) {
    const found = this.all(type).filter((record) => record[field] === value);
    if (found.length > 1) throw new GraphQLError(`${type}: ${field} ${value} is on ${found.length} records`);
    return found[0] ?? null;
  }

  byId(id) {
    for (const type of Object.keys(ENTITIES)) {
      const found = this.all(type).find((record) => record.id === id);
      if (found) return found;
    }
    return null;
  }

  /** A department's own articles, and with `deep` those of everything below it, as codes in page order. */
  articlesUnder(department, deep, seen = new Set()) {
    if (seen.has(department.code)) return [];
    seen.add(department.code);
    const codes = new Set(readable(department.articles));
    if (deep) {
      for (const child of readable(department.children)) {
        const record = this.byCode('Department', child);
        if (record && !isFailure(record)) for (const code of this.articlesUnder(record, true, seen)) codes.add(code);
      }
    }
    return this.inPageOrder('Article', [...codes]);
  }

  inPageOrder(type, codes) {
    const wanted = new Set(codes.map(this.fold));
    return [...this.records[type].keys()].filter((code) => wanted.has(code));
  }
}

/** Root fields that find one record: each takes exactly one of its arguments. */
const LOOK_UPS = {
  department: { type: 'Department', by: ['code', 'slug'] },
  article: { type: 'Article', by: ['code', 'slug'] },
  reference: { type: 'Reference', by: ['code', 'barcode'] },
};

/** Fields that do more than read their value. `(record, args, shop)` → a value as it stands in the data. */
const FIELDS = {
  'Query.shop': (_, __, shop) => shop.data.shop ?? null,
  'Query.node': (_, { id }, shop) => shop.byId(id),
  'Query.nodes': (_, { ids }, shop) => ids.map((id) => shop.byId(id)),
  'Query.route': (_, { path }, shop) => shop.data.routes?.[path] ?? null,
  'Query.departments': (_, { parentCode }, shop) => {
    // A failing record has no children to tell: its failure is the field's.
    if (parentCode != null) {
      const parent = shop.byCode('Department', parentCode);
      return isFailure(parent) ? parent : (parent?.children ?? null);
    }
    return shop.data.roots ?? shop.all('Department').filter((d) => d.parent == null).map((d) => d.code);
  },
  'Department.articles': (department, { deep }, shop) => shop.articlesUnder(department, deep ?? true),
  'Article.reference': (article, { options }, shop) => {
    // A reference whose options cannot be read is not the one that was asked for.
    const key = (pairs) => pairs.map(({ name, value }) => JSON.stringify([name, value])).sort().join();
    const wanted = key(options);
    const found = readable(article.references)
      .map((code) => shop.byCode('Reference', code))
      .filter((reference) => reference && !isFailure(reference) && !isFailure(reference.optionValues))
      .filter((reference) => key(reference.optionValues ?? []) === wanted);
    return found.length === 1 ? found[0] : null;
  },
};

/** The field resolver for graphql-js; the context is `{shop}`. */
export function resolve(record, args, { shop, steps }, info) {
  const parent = info.parentType.name;
  const field = info.fieldName;
  const type = getNamedType(info.returnType);
  if (parent === 'Mutation') return complete(mutate(field, args, steps), type, args, shop, info);
  if (parent === 'Query') return complete(rootValue(field, type, args, shop), type, args, shop, info);
  const special = FIELDS[`${parent}.${field}`] ?? STEP_FIELDS[`${parent}.${field}`];
  const value = record[field];
  // A value that fails does so whatever the field would have done with it.
  if (special && !isFailure(value)) return complete(special(record, args, shop), type, args, shop, info);
  return complete(value, type, args, shop, info);
}

function rootValue(field, type, args, shop) {
  const broken = shop.data.root?.[field];
  if (broken !== undefined) return broken;
  const lookUp = LOOK_UPS[field];
  if (lookUp) {
    const given = lookUp.by.filter((name) => args[name] != null);
    if (given.length !== 1) throw new GraphQLError(`${field}: give exactly one of ${lookUp.by.join(', ')}`);
    const [name] = given;
    return name === 'code' ? shop.byCode(lookUp.type, args.code) : shop.byField(lookUp.type, name, args[name]);
  }
  const special = FIELDS[`Query.${field}`];
  if (special) return special(null, args, shop);
  const entity = entityOfConnection(type);
  if (entity) return shop.all(entity);
  throw new Error(`the referee cannot answer Query.${field}: teach it in lib/resolvers.mjs`);
}

/** From a value as it stands in the data (codes, failures) to what graphql-js completes. */
function complete(value, type, args, shop, info) {
  if (isFailure(value)) throw failure(value);
  if (value === undefined || value === null) return null;
  const entity = entityOfConnection(type);
  if (entity) {
    const records = value.map((item) => link(item, entity, shop));
    return page(records.filter((record) => matches(record, args.filter, shop)), args);
  }
  if (isListType(isNonNullType(info.returnType) ? info.returnType.ofType : info.returnType)) {
    return picked(value, args, info).map((item) => completeItem(item, type, shop));
  }
  return completeItem(value, type, shop);
}

/** Items never throw: an error among them is that item's alone. */
function completeItem(item, type, shop) {
  if (isFailure(item)) return failure(item);
  return ENTITIES[type.name] ? link(item, type.name, shop) : item;
}

function link(item, entity, shop) {
  if (isFailure(item)) return failure(item);
  if (item instanceof Error || item?.__typename) return item;
  const record = item === null ? null : shop.byCode(entity, typeof item === 'object' ? item.code : item);
  return isFailure(record) ? failure(record) : record;
}

/** `images(usage: "gallery")`, `related(kind: ACCESSORY)`: an argument picks the items that have it as a field. */
function picked(items, args, info) {
  if (info.parentType.name === 'Query') return items;
  const given = Object.entries(args).filter(([, value]) => value != null);
  return items.filter((item) =>
    given.every(([name, value]) => typeof item !== 'object' || item === null || !(name in item) || item[name] === value),
  );
}

function page(records, { first }) {
  const size = first ?? DEFAULT_PAGE;
  if (size < 0) throw new GraphQLError('first must not be negative');
  if (size > MAXIMUM_PAGE) throw new GraphQLError(`first: ${size} is over ${MAXIMUM_PAGE}`);
  const nodes = records.slice(0, size);
  return {
    nodes,
    // Failing nodes are edges too: the failure is the node's.
    edges: nodes.map((node) => ({ node: () => node })),
    pageInfo: { hasNextPage: records.length > size, hasPreviousPage: false },
    totalCount: records.length,
  };
}

/** Filters. A comparison with a value that is not there is false; `not` turns what remains around. */
function matches(record, filter, shop) {
  if (filter == null || record === null) return true;
  return Object.entries(filter).every(([name, condition]) => {
    if (condition == null) return true;
    if (name === 'and') return condition.every((part) => matches(record, part, shop));
    if (name === 'or') return condition.some((part) => matches(record, part, shop));
    if (name === 'not') return !matches(record, condition, shop);
    if (name === 'department') return hangsUnder(record, condition, shop);
    const fold = name === 'code' ? shop.fold : (value) => value;
    return Object.entries(condition).every(([operator, operand]) => {
      // On texts `startsWith` folds case and accents, which is Comptoir's own: not for this referee.
      const test = operator === 'startsWith' && name !== 'code' ? undefined : OPERATORS[operator];
      if (!test) throw new Error(`the referee cannot filter by ${name}.${operator}: teach it in lib/resolvers.mjs`);
      return operand === null || operand === undefined || test(record[name] ?? null, operand, fold);
    });
  });
}

/** `department: {under: CODE}`: the article hangs in that department or below it. */
function hangsUnder(article, { under, ...more }, shop) {
  if (Object.keys(more).length > 0) throw new Error(`the referee cannot filter by department.${Object.keys(more)}`);
  if (under == null) return true;
  const department = shop.byCode('Department', under);
  return department !== null && shop.articlesUnder(department, true).includes(shop.fold(article.code));
}

const OPERATORS = {
  eq: (value, operand, fold) => value !== null && fold(value) === fold(operand),
  ne: (value, operand, fold) => value !== null && fold(value) !== fold(operand),
  in: (value, operand, fold) => value !== null && operand.some((one) => fold(one) === fold(value)),
  notIn: (value, operand, fold) => value !== null && !operand.some((one) => fold(one) === fold(value)),
  startsWith: (value, operand, fold) => value !== null && fold(value).startsWith(fold(operand)),
  gt: (value, operand) => value !== null && Number(value) > Number(operand),
  gte: (value, operand) => value !== null && Number(value) >= Number(operand),
  lt: (value, operand) => value !== null && Number(value) < Number(operand),
  lte: (value, operand) => value !== null && Number(value) <= Number(operand),
  isNull: (value, operand) => (value === null) === operand,
};

/** `ArticleConnection` → `Article`; undefined for every other type. */
export function entityOfConnection(type) {
  const name = /^(\w+)Connection$/.exec(type.name)?.[1];
  return isObjectType(type) && name in ENTITIES ? name : undefined;
}

/** A list, or nothing where it is not there or cannot be read. */
function readable(list) {
  return Array.isArray(list) ? list : [];
}

function isFailure(value) {
  return typeof value === 'object' && value !== null && '__error' in value;
}

/** The error a failing value stands for. A failing record's code is known: pages are filtered by it. */
function failure({ __error: message, code }) {
  return Object.assign(new GraphQLError(String(message)), { code });
}

/** Text order of the code points, which is not that of UTF-16 units. */
export function byCodePoints(left, right) {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
