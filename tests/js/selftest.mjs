// Proves the harness itself, against a small server made of graphql-js and graphql-http: `npm test`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

import { tabProps } from '../../playground/src/examples.js';
import { compare, compareAll } from './compare.mjs';
import { Referee } from './differential.mjs';
import { data } from './fixtures/data.mjs';
import { fuzz } from './fuzz.mjs';
import { generate, WRONG_KINDS } from './generate.mjs';
import { browserPath, tryPage } from './graphiql.mjs';
import { isBuilt, pageServer } from './lib/page-server.mjs';
import { resolve, Shop } from './lib/resolvers.mjs';
import { readSchema, RULES, validationErrors } from './lib/schema.mjs';

const run = promisify(execFile);
const here = import.meta.dirname;
const sdl = readFileSync(join(here, 'fixtures/schema.graphql'), 'utf8');
const referee = new Referee({ sdl, data });
const answer = (query, rest = {}) => referee.answer({ query, ...rest });

/** A server over the same schema and data. `spoil` alters its responses, to see that the harness notices. */
function handlerOf(spoil = (result) => result) {
  return createHandler({
    schema: readSchema(sdl),
    context: { shop: new Shop(structuredClone(data)) },
    validationRules: [],
    validate: (schema, document) => validationErrors(schema, document),
    onOperation: (_request, _args, result) => spoil(result),
    execute: async (args) => (await import('graphql')).execute({
      ...args,
      fieldResolver: (record, given, context, info) => (typeof record?.[info.fieldName] === 'function' ? record[info.fieldName]() : resolve(record, given, context, info)),
    }),
  });
}

async function serve(spoil) {
  return listen(createServer(handlerOf(spoil)));
}

async function listen(server) {
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}/graphql`, close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}

describe('audit.mjs', () => {
  test('passes 61 of 61 on the reference implementation', async () => {
    const server = await serve();
    try {
      const { stdout } = await run(process.execPath, [join(here, 'audit.mjs'), server.url]);
      assert.deepEqual(JSON.parse(stdout), { passed: 61, failed: [], total: 61 });
    } finally {
      await server.close();
    }
  });

  test('fails, and says what, on a server that is not GraphQL', async () => {
    const server = createServer((_, response) => response.end('hello'));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    try {
      const error = await run(process.execPath, [join(here, 'audit.mjs'), `http://127.0.0.1:${server.address().port}/`]).catch((e) => e);
      assert.equal(error.code, 1);
      const { failed, total } = JSON.parse(error.stdout);
      assert.equal(total, 61);
      assert.ok(failed.length > 10);
      assert.ok(failed.every(({ id, name, reason }) => id && name && reason));
    } finally {
      server.close();
    }
  });

  test('fails when there is no server', async () => {
    const error = await run(process.execPath, [join(here, 'audit.mjs'), 'http://127.0.0.1:9/graphql']).catch((e) => e);
    assert.equal(error.code, 1);
    assert.match(error.stderr, /cannot be audited/);
  });
});

describe('differential.mjs', () => {
  test('look-ups, links, lists and arguments that pick', async () => {
    const result = await answer(`{
      article(code: "A2") {
        __typename title images(usage: "gallery") { url } related(kind: ACCESSORY) { code }
        reference(options: [{name: "Longueur", value: "550 mm"}]) { code article { code } }
        department { path { title } }
      }
      none: article(code: "X") { code }
      bySlug: article(slug: "scie-egoine-A2") { code }
      node(id: "F1") { __typename id ... on Reference { barcode } }
      nodes(ids: ["D2", "?"]) { id }
      departments { code }
    }`);
    assert.deepEqual(result, {
      data: {
        article: {
          __typename: 'Article', title: 'Scie égoïne', images: [{ url: '/m/a2b.jpg' }], related: [{ code: 'B1' }],
          reference: { code: 'A2~2', article: { code: 'A2' } },
          department: { path: [{ title: 'Outillage' }, { title: 'Scies' }] },
        },
        none: null,
        bySlug: { code: 'A2' },
        node: { __typename: 'Reference', id: 'F1', barcode: '3250000000017' },
        nodes: [{ id: 'D2' }, null],
        departments: [{ code: 'JARDIN' }, { code: 'OUTIL' }],
      },
    });
  });

  test('pages in code order, deep and filtered', async () => {
    const result = await answer(`{
      articles(first: 2) { nodes { code } edges { node { code } } pageInfo { hasNextPage hasPreviousPage } totalCount }
      filtered: articles(filter: {or: [{code: {startsWith: "A"}}, {code: {eq: "B1"}}], not: {code: {in: "A2"}}}) { nodes { code } }
      under: articles(filter: {department: {under: "JARDIN"}}) { nodes { code } }
      department(code: "OUTIL") {
        articles(first: 1) { nodes { code } totalCount }
        own: articles(deep: false) { totalCount }
      }
    }`);
    assert.deepEqual(result.data, {
      articles: { nodes: [{ code: 'A10' }, { code: 'A2' }], edges: [{ node: { code: 'A10' } }, { node: { code: 'A2' } }], pageInfo: { hasNextPage: true, hasPreviousPage: false }, totalCount: 4 },
      filtered: { nodes: [{ code: 'A10' }, { code: 'B1' }] },
      under: { nodes: [{ code: 'B1' }] },
      department: { articles: { nodes: [{ code: 'A10' }], totalCount: 4 }, own: { totalCount: 0 } },
    });
  });

  test('failing values are errors at their path, and null goes up as the specification says', async () => {
    const result = await answer('{ articles { nodes { code brand image { url } department { title } } } }');
    assert.deepEqual(result.data.articles.nodes, [
      { code: 'A10', brand: null, image: null, department: { title: 'Scies' } },
      { code: 'A2', brand: 'Manufor', image: { url: '/m/a2.jpg' }, department: { title: 'Scies' } },
      { code: 'B1', brand: null, image: null, department: null },
      null,
    ]);
    assert.deepEqual(result.errors.map((error) => error.path.join('.')).sort(), [
      'articles.nodes.0.brand', 'articles.nodes.0.image.url', 'articles.nodes.2.department', 'articles.nodes.3',
    ]);
    assert.equal((await answer('{ article(code: "A10") { warrantyMonths } }')).errors[0].path.join('.'), 'article.warrantyMonths');
    assert.equal((await answer('{ reference(barcode: "3250000000024") { code } }')).errors[0].path.join('.'), 'reference');
    assert.equal((await answer('{ article { code } }')).errors[0].path.join('.'), 'article');
    assert.equal((await answer('{ articles(first: 101) { totalCount } }')).errors[0].path.join('.'), 'articles');
  });

  test('requests that are wrong have errors and no data', async () => {
    for (const [query, rest] of [
      ['{'], ['{ nope }'], ['query A { __typename } query B { __typename }'],
      ['query A { __typename }', { operationName: 'B' }],
      ['query ($v: ID!) { node(id: $v) { id } }'],
      ['query ($v: Int) { articles(first: $v) { totalCount } }', { variables: { v: 2147483648 } }],
    ]) {
      const result = await answer(query, rest);
      assert.ok(result.errors.length > 0, query);
      assert.ok(!Object.hasOwn(result, 'data'), query);
    }
  });

  test('what the referee cannot do is no field error', async () => {
    const odd = new Referee({ sdl, data: { ...data, departments: { D: { id: 'D', title: 'D', articles: [], children: 7 } } } });
    await assert.rejects(odd.answer({ query: '{ department(code: "D") { children { code } } }' }), /the referee failed/);
  });

  test('the command reads its input from a file and prints JSON lines', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'comptoir-'));
    try {
      const input = join(folder, 'input.json');
      writeFileSync(input, JSON.stringify({ sdl, data, language: 'fr', operations: [{ id: 'one', query: '{ shop { name } }' }, { id: 'two', query: '{' }] }));
      const { stdout } = await run(process.execPath, [join(here, 'differential.mjs'), input]);
      const [one, two] = stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.deepEqual(one, { id: 'one', result: { data: { shop: { name: 'Le Comptoir' } } } });
      assert.equal(two.id, 'two');
      assert.match(two.result.errors[0].message, /Syntax Error/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('generate.mjs', () => {
  const many = [...generate({ sdl, data, seed: 7, count: 1500 })];

  test('is deterministic, and other seeds make other operations', () => {
    const once = JSON.stringify(many.slice(0, 100));
    assert.equal(JSON.stringify([...generate({ sdl, data, seed: 7, count: 100 })]), once);
    assert.notEqual(JSON.stringify([...generate({ sdl, data, seed: 8, count: 100 })]), once);
  });

  test('makes about 30 % wrong requests, of every kind', () => {
    const wrong = many.filter(({ kind }) => kind !== 'valid');
    assert.ok(wrong.length > 0.25 * many.length && wrong.length < 0.35 * many.length, `${wrong.length}`);
    const kinds = new Set(wrong.map(({ kind }) => kind));
    // This schema has no subscription.
    const missing = WRONG_KINDS.filter((kind) => !kinds.has(kind) && kind !== 'SingleFieldSubscriptionsRule');
    assert.deepEqual(missing, []);
  });

  test('covers every rule of graphql-js that a client can break', () => {
    const covered = new Set(WRONG_KINDS);
    assert.deepEqual([...RULES.keys()].filter((rule) => !covered.has(rule) && !/Defer|Stream/.test(rule)), []);
  });

  test('wrong requests are refused before execution, valid ones are executed', async () => {
    for (const operation of many) {
      const result = await referee.answer(operation);
      assert.equal(Object.hasOwn(result, 'data'), operation.kind === 'valid', `${operation.kind}\n${operation.query}\n${JSON.stringify(result)}`);
    }
  });

  test('valid ones use the whole language and reach most of the schema', async () => {
    const valid = many.filter(({ kind }) => kind === 'valid');
    const text = valid.map(({ query }) => query).join('\n');
    for (const pattern of [
      /\.\.\. ?\{|\.\.\. @/, /\.\.\. on Node/, /\.\.\. on Article/, /fragment \w+ on Node/, /@skip\(if: \$/, /@include\(if: true/, /@skip\([^)]*\) @include|@include\([^)]*\) @skip/,
      /: ID! = /, /: Boolean = /, / = null/, /__schema/, /__type\(/, /__typename/, /filter: \{/, /filter: \$/, /in: \[[^\]]*\$/, /"""/, /: null/, /first: \d{3}/, /deep: \$/, /options: \$|value: \$/, /either_1: \w+/,
    ]) assert.match(text, pattern);
    assert.doesNotMatch(text, /cursor|Cursor|provenance|after:/);
    const results = await Promise.all(valid.map((operation) => referee.answer(operation)));
    const failing = results.filter(({ errors }) => errors).length;
    assert.ok(failing > 0.1 * valid.length, `${failing} of ${valid.length} have field errors`);
    const empty = results.filter((result) => Object.values(result.data ?? {}).every((value) => value === null)).length;
    assert.ok(empty < 0.45 * valid.length, `${empty} of ${valid.length} answer nothing but null`);
    const schema = readSchema(sdl);
    const unseen = ['Department', 'Article', 'Reference', 'Query'].flatMap((type) => Object.keys(schema.getType(type).getFields()).filter((field) => field !== 'provenance' && !new RegExp(`\\b${field}\\b`).test(text)));
    assert.deepEqual(unseen, []);
  });

  test('every text parses or is meant not to', () => {
    for (const { query, kind } of many) {
      if (kind === 'syntax') assert.throws(() => parse(query), query);
      else parse(query);
    }
  });
});

describe('compare.mjs', () => {
  const same = (expected, actual) => assert.deepEqual(compare(expected, actual), []);
  const differ = (expected, actual, pattern) => assert.match(compare(expected, actual).join('\n'), pattern);
  const at = (...path) => ({ message: 'no', path });

  test('the same data is the same', () => same({ data: { a: [1, { b: null }] } }, { data: { a: [1, { b: null }] } }));
  test('messages and extensions are the server’s own', () => same({ data: { a: null }, errors: [at('a')] }, { data: { a: null }, errors: [{ message: 'other', path: ['a'], extensions: { code: 'X' } }], extensions: { cost: 1 } }));
  test('request errors need only agree that they are', () => same({ errors: [at(), at()] }, { errors: [{ message: 'x' }] }));
  test('verdict', () => differ({ errors: [at()] }, { data: null, errors: [at()] }, /verdict/));
  test('values', () => differ({ data: { a: 1 } }, { data: { a: '1' } }, /data\.a: expected 1, actual "1"/));
  test('missing and extra keys', () => differ({ data: { a: 1 } }, { data: { b: 1 } }, /missing keys \[a\], extra keys \[b\]/));
  test('key order', () => differ({ data: { a: 1, b: 2 } }, { data: { b: 2, a: 1 } }, /key order/));
  test('list length and order', () => {
    differ({ data: { a: [1] } }, { data: { a: [1, 2] } }, /expected 1 items/);
    differ({ data: { a: [1, 2] } }, { data: { a: [2, 1] } }, /data\.a\.0/);
  });
  test('null is not an empty list', () => differ({ data: { a: null } }, { data: { a: [] } }, /data\.a/));
  test('a missing error, one too many, another path', () => {
    differ({ data: { a: null }, errors: [at('a')] }, { data: { a: null } }, /expected one at \["a"\]/);
    differ({ data: { a: null } }, { data: { a: null }, errors: [at('a')] }, /actual has one/);
    differ({ data: { a: null, b: null }, errors: [at('a')] }, { data: { a: null, b: null }, errors: [at('b')] }, /\["a"\][^]*\["b"\]/);
  });
  test('below a nulled value, number and choice are free', () => {
    same({ data: { a: null }, errors: [at('a', 'b'), at('a', 'c', 0)] }, { data: { a: null }, errors: [at('a', 'c', 1)] });
    differ({ data: { a: null }, errors: [at('a', 'b')] }, { data: { a: null }, errors: [at('a')] }, /from below/);
    same({ data: null, errors: [at('a', 'b')] }, { data: null, errors: [at('a')] });
  });
  test('an error where there is a value', () => differ({ data: { a: 1 } }, { data: { a: 1 }, errors: [at('a')] }, /which has a value/));
  test('lists of introspection are compared by name', () => {
    same({ data: { __schema: { types: [{ name: 'A' }, { name: 'B' }] } } }, { data: { __schema: { types: [{ name: 'B' }, { name: 'A' }] } } });
    differ({ data: { __schema: { types: [{ name: 'A' }] } } }, { data: { __schema: { types: [{ name: 'B' }] } } }, /types\.0\.name/);
  });
  test('what is no response', () => {
    for (const odd of [null, 'text', [], {}, { errors: [] }, { errors: null, data: {} }, { errors: [{}] }]) differ({ data: {} }, odd, /actual/);
  });
  test('all of two lists', () => {
    const found = [...compareAll([{ id: 1, result: { data: {} } }, { id: 2, result: { data: {} } }], [{ id: 2, result: { data: {} } }, { id: 3, result: { data: {} } }])];
    assert.deepEqual(found.map(({ id, differences }) => [id, ...differences]), [[1, 'not answered'], [3, 'answered and not asked']]);
  });
});

describe('fuzz.mjs', () => {
  const small = { sdl, data, seed: 3, count: 200 };
  let honest;
  before(async () => { honest = await serve(); });
  after(() => honest.close());

  test('finds nothing where there is nothing', async () => {
    const { count, differences } = await fuzz({ ...small, url: honest.url });
    assert.equal(count, 200);
    assert.deepEqual(differences, []);
  });

  const dishonest = {
    'errors that are not told': (result) => ({ data: result.data }),
    'keys in another order': (result) => ({ ...result, data: JSON.parse(JSON.stringify(result.data), (_, value) => (value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).reverse()) : value)) }),
    'one error path cut short': (result) => ({ ...result, errors: result.errors?.map((error) => ({ message: error.message, path: error.path?.slice(0, 1) })) }),
    'null for a list with nothing in it': (result) => ({ ...result, data: JSON.parse(JSON.stringify(result.data), (_, value) => (Array.isArray(value) && value.length === 0 ? null : value)) }),
    'a wrong type name': (result) => ({ ...result, data: JSON.parse(JSON.stringify(result.data), (_, value) => (value === 'Article' ? 'article' : value)) }),
  };
  for (const [what, spoil] of Object.entries(dishonest)) {
    test(`notices ${what}`, async () => {
      const server = await serve((result) => (Object.hasOwn(result, 'data') ? spoil(result) : result));
      try {
        const { differences } = await fuzz({ ...small, url: server.url });
        assert.ok(differences.length > 0);
      } finally {
        await server.close();
      }
    });
  }

  test('the commands work together: generate, differential, compare', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'comptoir-'));
    const file = (name, content) => { const path = join(folder, name); if (content !== undefined) writeFileSync(path, content); return path; };
    const command = (name, ...args) => run(process.execPath, [join(here, name), ...args], { maxBuffer: 1 << 28 });
    try {
      const dataFile = file('data.json', JSON.stringify(data));
      const sdlFile = file('schema.graphql', sdl);
      const { stdout: operations } = await command('generate.mjs', '--sdl', sdlFile, '--data', dataFile, '--seed', '5', '--count', '60', '--filters', 'code.eq,title.isNull,department.under');
      assert.equal(operations.trim().split('\n').length, 60);
      const operationsFile = file('operations.jsonl', operations);
      const { stdout: results } = await command('differential.mjs', file('input.json', JSON.stringify({ sdlFile: 'schema.graphql', dataFile: 'data.json', operationsFile: 'operations.jsonl' })));
      const expected = file('expected.jsonl', results);
      await command('compare.mjs', expected, expected, operationsFile);
      const error = await command('compare.mjs', expected, file('actual.jsonl', results.replace('"data":{', '"data":{"extra":1,')), operationsFile).catch((e) => e);
      assert.equal(error.code, 1);
      assert.match(JSON.parse(error.stdout.trim()).differences[0], /extra keys \[extra\]/);
      await command('fuzz.mjs', honest.url, '--sdl', sdlFile, '--data', dataFile, '--seed', '9', '--count', '50');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the page’s tabs', () => {
  const tab = (query) => ({ query, variables: null, headers: null });
  const memory = (content = {}) => ({ content, getItem: (key) => content[key] ?? null, setItem: (key, value) => { content[key] = value; } });
  const stored = (storage) => JSON.parse(storage.content['graphiql:tabState']).tabs.map(({ query }) => query);
  const visitor = (...queries) => memory({ 'graphiql:tabState': JSON.stringify({ activeTabIndex: 0, tabs: queries.map((query) => ({ ...tab(query), id: query, title: query })) }) });

  test('a new visitor gets the examples', () => {
    const props = tabProps([{ query: 'a', variables: '{}', headers: null }, tab('b')], memory());
    assert.deepEqual(props, { defaultTabs: [{ query: 'a', variables: '{}', headers: null }, tab('b')], initialQuery: 'a', initialVariables: '{}', initialHeaders: '' });
  });

  test('a visitor with tabs keeps them, and gets new examples once', () => {
    const storage = visitor('mine');
    assert.deepEqual(tabProps([tab('a'), tab('b')], storage), { defaultTabs: [tab('a'), tab('b')] });
    assert.deepEqual(stored(storage), ['mine', 'a', 'b']);
    // Closed by the visitor: not opened again.
    storage.content['graphiql:tabState'] = visitor('mine').content['graphiql:tabState'];
    tabProps([tab('a'), tab('b'), tab('query New { c }')], storage);
    assert.deepEqual(stored(storage), ['mine', 'query New { c }']);
  });

  test('unreadable storage starts over', () => {
    assert.equal(tabProps([tab('a')], memory({ 'graphiql:tabState': '{', 'comptoir:examples': '7' })).initialQuery, 'a');
  });
});

describe('graphiql.mjs', { skip: isBuilt() && browserPath() ? false : 'needs Chromium and playground/build.sh' }, () => {
  const examples = [
    { title: 'An article and its references', query: 'query OneArticle($code: ID!) {\n  article(code: $code) {\n    code\n    title\n    references(first: 5) {\n      nodes {\n        code\n        title\n      }\n    }\n  }\n}\n', variables: { code: 'A2' } },
    { title: 'In English', query: 'query InEnglish {\n  departments {\n    code\n  }\n}\n', headers: { 'Accept-Language': 'en' } },
    { title: 'The shop', query: 'query TheShop {\n  shop {\n    name\n  }\n}\n' },
  ];
  const open = async (given, graphql = handlerOf()) => {
    const server = await listen(pageServer({ graphql, examples: given }));
    try {
      const outcome = await tryPage(`${server.origin}/graphiql`, process.env.SCREENSHOT);
      return { ...outcome, failed: outcome.checks.filter(({ ok }) => !ok) };
    } finally {
      await server.close();
    }
  };

  test('the page works, with the policy the gateway sends', async () => {
    const { failed, checks } = await open(examples);
    assert.deepEqual(failed, []);
    assert.deepEqual(checks.find(({ name }) => name === 'the examples are the tabs').detail, ['OneArticle', 'InEnglish', 'TheShop']);
  });

  test('without examples there is one that fits every shop', async () => {
    const { failed, checks } = await open(undefined);
    // The missing file itself is all there is to complain about.
    assert.ok(failed.every(({ detail }) => /404/.test(detail)), JSON.stringify(failed));
    assert.deepEqual(checks.find(({ name }) => name === 'the examples are the tabs').detail, ['FirstArticles']);
  });

  test('a gateway that answers nonsense fails the checks', async () => {
    const { failed } = await open(examples, (_, response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    assert.ok(failed.some(({ name }) => name === 'the first query runs and has data'));
  });
});
