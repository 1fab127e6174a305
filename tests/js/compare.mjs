#!/usr/bin/env node
// Whether two servers said the same.
//
//   node compare.mjs EXPECTED.jsonl ACTUAL.jsonl [OPERATIONS.jsonl]
//
// Both files: JSON lines {id, result}. Prints one JSON line {id, differences: [text], operation?, expected, actual} per
// operation that differs, then a summary on stderr; exit code 1 when anything differs.
//
// The same means: both refused the request (errors and no `data`), or both executed it with the same `data`, key order
// included, and the same error paths. Messages, codes and locations are each server's own. Errors below a value that a
// failing non-null field made null may differ in number and in which of them is told: what counts is the nulled place.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { readLines } from './differential.mjs';

/** Lists of introspection that have no order of their own. */
const UNORDERED = new Set(['types', 'directives', 'possibleTypes', 'interfaces']);

/** The differences between two responses as texts; none: they are the same. */
export function compare(expected, actual) {
  const shape = [...malformed(expected, 'expected'), ...malformed(actual, 'actual')];
  if (shape.length > 0) return shape;
  const executed = (result) => Object.hasOwn(result, 'data');
  if (executed(expected) !== executed(actual)) {
    return [`verdict: expected ${describe(expected)}, actual ${describe(actual)}`];
  }
  if (!executed(expected)) return [];
  return [...dataDifferences(expected.data, actual.data, ['data']), ...errorDifferences(expected, actual)];
}

/** What is no GraphQL response at all. */
function malformed(result, whose) {
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return [`${whose}: not a response`];
  if (result.errors !== undefined && !(Array.isArray(result.errors) && result.errors.length > 0)) {
    return [`${whose}: \`errors\` is there and not a list with something in it`];
  }
  if (!Object.hasOwn(result, 'data') && result.errors === undefined) return [`${whose}: neither data nor errors`];
  const odd = (result.errors ?? []).find((error) => typeof error?.message !== 'string');
  return odd === undefined ? [] : [`${whose}: an error without a message`];
}

function describe(result) {
  return Object.hasOwn(result, 'data') ? 'execution' : `a request error (${result.errors[0].message})`;
}

function dataDifferences(expected, actual, path) {
  const at = path.join('.');
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const [left, right] = UNORDERED.has(path.at(-1)) && named(expected) && named(actual) ? [byName(expected), byName(actual)] : [expected, actual];
    if (left.length !== right.length) return [`${at}: expected ${left.length} items, actual ${right.length}`];
    return left.flatMap((item, index) => dataDifferences(item, right[index], [...path, index]));
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = Object.keys(expected);
    const theirs = Object.keys(actual);
    const missing = keys.filter((key) => !Object.hasOwn(actual, key));
    const extra = theirs.filter((key) => !Object.hasOwn(expected, key));
    if (missing.length + extra.length > 0) return [`${at}: missing keys [${missing}], extra keys [${extra}]`];
    const order = keys.every((key, index) => key === theirs[index]) ? [] : [`${at}: key order: expected [${keys}], actual [${theirs}]`];
    return [...order, ...keys.flatMap((key) => dataDifferences(expected[key], actual[key], [...path, key]))];
  }
  return Object.is(expected, actual) || expected === actual ? [] : [`${at}: expected ${brief(expected)}, actual ${brief(actual)}`];
}

function errorDifferences(expected, actual) {
  const left = places(expected);
  const right = places(actual);
  const only = (one, other, text) => [...one].filter(([place, exact]) => other.get(place) !== exact).map(([place, exact]) => `${text} at ${place}${exact ? '' : ' (from below)'}`);
  return [...only(left, right, 'errors: expected one'), ...only(right, left, 'errors: actual has one')];
}

/** Error place → whether the error is of that very field; false where it came up from below. */
function places({ data, errors = [] }) {
  const found = new Map();
  for (const { path } of errors) {
    if (!Array.isArray(path)) {
      found.set('no path', true);
      continue;
    }
    const nulled = firstNull(data, path);
    const place = nulled === undefined ? `${JSON.stringify(path)}, which has a value` : JSON.stringify(path.slice(0, nulled));
    const exact = nulled === undefined || nulled === path.length;
    found.set(place, (found.get(place) ?? false) || exact);
  }
  return found;
}

/** How many steps of the path lead to its first null; undefined when there is none. */
function firstNull(data, path) {
  let value = data;
  for (let steps = 0; ; steps += 1) {
    if (value === null) return steps;
    if (steps === path.length || typeof value !== 'object') return undefined;
    value = value[path[steps]];
    if (value === undefined) return undefined;
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const named = (list) => list.every((item) => isObject(item) && typeof item.name === 'string');
const byName = (list) => [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
const brief = (value) => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

/** Compares two lists of `{id, result}`; yields `{id, differences, expected, actual}` for what differs or is missing. */
export function* compareAll(expected, actual) {
  const theirs = new Map(actual.map(({ id, result }) => [id, result]));
  for (const { id, result } of expected) {
    const differences = theirs.has(id) ? compare(result, theirs.get(id)) : ['not answered'];
    if (differences.length > 0) yield { id, differences, expected: result, actual: theirs.get(id) };
    theirs.delete(id);
  }
  for (const [id, result] of theirs) yield { id, differences: ['answered and not asked'], actual: result };
}

function main([expectedPath, actualPath, operationsPath]) {
  if (!actualPath) {
    console.error('usage: compare.mjs EXPECTED.jsonl ACTUAL.jsonl [OPERATIONS.jsonl]');
    return 2;
  }
  const operations = new Map(operationsPath ? readLines(operationsPath).map((operation) => [operation.id, operation]) : []);
  const expected = readLines(expectedPath);
  let different = 0;
  for (const { id, differences, ...results } of compareAll(expected, readLines(actualPath))) {
    different += 1;
    console.log(JSON.stringify({ id, differences, operation: operations.get(id), ...results }));
  }
  console.error(`${expected.length} operations compared, ${different} differ`);
  return different > 0 ? 1 : 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
