#!/usr/bin/env node
// The referee: answers operations with graphql-js, the specification's reference implementation, over merged data.
//
//   node differential.mjs INPUT.json
//
// INPUT.json: {sdl, data, operations: [{id, query, operationName?, variables?}], language?}; the shape of `data` is in
// lib/resolvers.mjs. `language` is the language the data was merged for. `operations` may also be the path of a file of
// JSON lines, and `sdl` and `data` may be left in files: {sdlFile, dataFile, operationsFile}, relative to INPUT.json.
// Output: JSON lines {id, result}, `result` being the whole GraphQL response. Request errors have no `data`.
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, GraphQLError, parse } from 'graphql';

import { resolve, Shop } from './lib/resolvers.mjs';
import { readSchema, validationErrors } from './lib/schema.mjs';

/** A referee for one schema and one state of the data. */
export class Referee {
  constructor({ sdl, data, language }) {
    this.schema = readSchema(sdl);
    this.context = { shop: new Shop(data), language };
  }

  /** The response to one operation, as plain JSON. */
  async answer({ query, operationName, variables }) {
    let document;
    try {
      document = parse(query);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return plain({ errors: [error] });
    }
    const errors = validationErrors(this.schema, document);
    if (errors.length > 0) return plain({ errors });
    let mistake;
    const result = await execute({
      schema: this.schema,
      document,
      operationName: operationName ?? undefined,
      variableValues: variables ?? undefined,
      // Mutations of one operation see what those before them did, and nothing of another operation's.
      contextValue: { ...this.context, steps: { count: 0 } },
      fieldResolver: (record, args, context, info) => {
        try {
          const own = record?.[info.fieldName];
          // A page's own fields are ready; everything else is in the data.
          return typeof own === 'function' ? own() : resolve(record, args, context, info);
        } catch (error) {
          if (!(error instanceof GraphQLError)) mistake ??= error;
          throw error;
        }
      },
    });
    // A bug of the referee, or data it does not understand, must not pass for a field error of the shop.
    if (mistake) throw new Error(`the referee failed: ${mistake.message}\n${query}`, { cause: mistake });
    return plain(result);
  }
}

function plain({ errors, ...rest }) {
  const response = JSON.parse(JSON.stringify(rest));
  return errors ? { errors: errors.map((error) => error.toJSON()), ...response } : response;
}

/** JSON lines → array. */
export function readLines(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

async function main([path]) {
  if (!path) {
    console.error('usage: differential.mjs INPUT.json');
    return 2;
  }
  const input = JSON.parse(readFileSync(path, 'utf8'));
  const beside = (name) => resolvePath(dirname(path), name);
  const sdl = input.sdl ?? readFileSync(beside(input.sdlFile), 'utf8');
  const data = input.data ?? JSON.parse(readFileSync(beside(input.dataFile), 'utf8'));
  const operations = input.operations ?? readLines(beside(input.operationsFile));
  const referee = new Referee({ sdl, data, language: input.language });
  for (const operation of operations) {
    process.stdout.write(`${JSON.stringify({ id: operation.id, result: await referee.answer(operation) })}\n`);
  }
  return 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
