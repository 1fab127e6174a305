#!/usr/bin/env node
// The whole differential test in one command, against a running server: makes operations, asks the server and the
// referee, compares.
//
//   node fuzz.mjs URL --sdl FILE --data FILE --seed N --count K [--language fr] [--concurrency 4] [options of generate.mjs]
//
// Prints one JSON line per operation that differs (compare.mjs), then a summary on stderr; exit code 1 when any differs.
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { compareAll } from './compare.mjs';
import { Referee } from './differential.mjs';
import { generate, readOptions } from './generate.mjs';

/** One operation over HTTP → its response. A server that does not answer in JSON is an error of the test. */
export async function ask(url, { query, operationName, variables }, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify({ query, operationName: operationName ?? undefined, variables: variables ?? undefined }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${response.status}, not JSON: ${text.slice(0, 200)}`);
  }
}

/** Asks with so many requests under way at a time; results in the order of the operations. */
export async function askAll(url, operations, { concurrency = 4, headers } = {}) {
  const results = new Array(operations.length);
  let next = 0;
  const worker = async () => {
    while (next < operations.length) {
      const index = next;
      next += 1;
      const operation = operations[index];
      try {
        results[index] = { id: operation.id, result: await ask(url, operation, headers) };
      } catch (error) {
        results[index] = { id: operation.id, result: `no answer: ${error.cause?.message ?? error.message}` };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

/** Runs the test; `{count, kinds, differences}`. */
export async function fuzz({ url, sdl, data, seed, count, language, concurrency, options = {} }) {
  const operations = [...generate({ sdl, data, seed, count, ...options })];
  const referee = new Referee({ sdl, data, language });
  const expected = [];
  for (const operation of operations) expected.push({ id: operation.id, result: await referee.answer(operation) });
  const actual = await askAll(url, operations, { concurrency, headers: language ? { 'accept-language': language } : {} });
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const differences = [...compareAll(expected, actual)].map((one) => ({ ...one, operation: byId.get(one.id) }));
  const kinds = {};
  for (const { kind } of operations) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return { count: operations.length, kinds, differences };
}

async function main(argv) {
  const text = { type: 'string' };
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      sdl: text, data: text, seed: text, count: text, language: text, concurrency: text,
      invalid: text, 'maximum-depth': text, 'maximum-fields': text, filters: text, skip: text, kinds: text,
    },
  });
  const [url] = positionals;
  if (!url || !values.sdl || !values.data) {
    console.error('usage: fuzz.mjs URL --sdl FILE --data FILE --seed N --count K (more in the file)');
    return 2;
  }
  const seed = Number(values.seed ?? 1);
  const { count, differences } = await fuzz({
    url,
    sdl: readFileSync(values.sdl, 'utf8'),
    data: JSON.parse(readFileSync(values.data, 'utf8')),
    seed,
    count: Number(values.count ?? 500),
    language: values.language,
    concurrency: values.concurrency ? Number(values.concurrency) : undefined,
    options: readOptions(values),
  });
  for (const difference of differences) console.log(JSON.stringify(difference));
  console.error(`seed ${seed}: ${count} operations compared, ${differences.length} differ`);
  return differences.length > 0 ? 1 : 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
