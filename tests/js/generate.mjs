#!/usr/bin/env node
// Makes operations out of a schema and its data: about 70 % valid ones, and 30 % with one mistake of every kind there is.
// The same arguments give the same output, byte for byte.
//
//   node generate.mjs --sdl FILE --data FILE --seed N --count K
//     --invalid 0.3                    share of wrong requests
//     --maximum-depth 7                levels of fields
//     --maximum-fields 30              fields per operation, roughly
//     --filters code.eq,title.eq       what may be filtered by (lib/vocabulary.mjs has the default)
//     --skip Article.brand,*.updatedAt fields left alone, beside those of lib/vocabulary.mjs
//     --kinds valid,syntax             only these kinds
//     --mutations 0.9                  share of operations that are mutations (0: none)
//
// Output: JSON lines {id, query, operationName, variables, kind}. `kind` is `valid`, `syntax`, the name of the
// validation rule that is broken, `OperationName` or `Variables` (bad variable values).
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getVariableValues } from 'graphql/execution/values.js';
import { parse } from 'graphql';

import { MISTAKES, spoil } from './lib/mistakes.mjs';
import { Operations } from './lib/operations.mjs';
import { Random } from './lib/random.mjs';
import { readSchema, validationErrors } from './lib/schema.mjs';
import { FILTERS, Vocabulary } from './lib/vocabulary.mjs';

export const DEFAULTS = { invalid: 0.3, maximumDepth: 7, maximumFields: 30, filters: FILTERS, skippedFields: [], kinds: undefined, mutations: 0 };

/** Every kind of wrong request. */
export const WRONG_KINDS = ['syntax', 'OperationName', 'Variables', ...Object.keys(MISTAKES)];

/** Yields `count` operations. */
export function* generate({ sdl, data, seed, count, ...given }) {
  const options = { ...DEFAULTS, ...given };
  const schema = readSchema(sdl);
  const vocabulary = new Vocabulary(data);
  const wrongKinds = WRONG_KINDS.filter((kind) => !options.kinds || options.kinds.includes(kind));
  const validToo = !options.kinds || options.kinds.includes('valid');
  if (!validToo && wrongKinds.length === 0) throw new Error(`no such kind: ${options.kinds}; there are valid, ${WRONG_KINDS.join(', ')}`);
  for (let index = 0; index < count; index += 1) {
    // A generator of its own for every operation: one can be made again without those before it.
    const random = new Random(seed, `operation ${index}`);
    const operations = new Operations({ schema, vocabulary, random, options });
    const wrong = wrongKinds.length > 0 && (!validToo || random.chance(options.invalid));
    const made = wrong ? wrongOne({ operations, schema, random, kinds: wrongKinds }) : undefined;
    const { query, operationName, variables, kind } = made ?? { ...validOne(operations, schema), kind: 'valid' };
    yield { id: `${seed}-${index}`, query, operationName, variables, kind };
  }
}

/** A valid operation, checked: a generator that is wrong must not go unseen. */
function validOne(operations, schema) {
  const operation = operations.make();
  const errors = validationErrors(schema, parse(operation.query));
  if (errors.length > 0) throw new Error(`the generator made an invalid document: ${errors[0].message}\n${operation.query}`);
  return operation;
}

function wrongOne({ operations, schema, random, kinds }) {
  const kind = random.pick(kinds);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const operation = operations.make();
    const spoiled =
      kind === 'OperationName' ? withWrongName(operation, random)
      : kind === 'Variables' ? withWrongVariables(operation, schema, random)
      : spoil({ operation, kind, schema, random });
    if (spoiled) return { ...spoiled, kind };
  }
  return undefined;
}

/** A name nothing has, or none where there are several. */
function withWrongName(operation, random) {
  const several = parse(operation.query).definitions.filter((one) => one.kind === 'OperationDefinition').length > 1;
  return { ...operation, operationName: several && random.chance(0.5) ? null : 'NoSuchOperation' };
}

const WRONG_VALUES = [null, 'no', 'NO_SUCH_VALUE', 1, 1.5, true, 2147483648, -2147483649, [], [null], ['a', null], {}, { noSuchField: 1 }, [[1]]];

/** One variable with a value that its type does not take, or without the value it needs. */
function withWrongVariables(operation, schema, random) {
  const document = parse(operation.query);
  const definition = document.definitions.find(
    (one) => one.kind === 'OperationDefinition' && (!operation.operationName || one.name?.value === operation.operationName),
  );
  const declared = definition.variableDefinitions ?? [];
  if (declared.length === 0) return undefined;
  const { value: key } = random.pick(declared).variable.name;
  const variables = { ...operation.variables };
  if (random.chance(0.25)) delete variables[key];
  else variables[key] = random.pick(WRONG_VALUES);
  const { errors } = getVariableValues(schema, declared, variables);
  return errors ? { ...operation, variables } : undefined;
}

const LIST = (text) => text.split(',').filter(Boolean);

function main(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      sdl: { type: 'string' },
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '100' },
      invalid: { type: 'string' },
      'maximum-depth': { type: 'string' },
      'maximum-fields': { type: 'string' },
      filters: { type: 'string' },
      skip: { type: 'string' },
      kinds: { type: 'string' },
      mutations: { type: 'string' },
    },
  });
  if (!values.sdl || !values.data) {
    console.error('usage: generate.mjs --sdl FILE --data FILE --seed N --count K (more in the file)');
    return 2;
  }
  const lines = [];
  for (const operation of generate({
    sdl: readFileSync(values.sdl, 'utf8'),
    data: JSON.parse(readFileSync(values.data, 'utf8')),
    seed: Number(values.seed),
    count: Number(values.count),
    ...readOptions(values),
  })) {
    lines.push(`${JSON.stringify(operation)}\n`);
  }
  process.stdout.write(lines.join(''));
  return 0;
}

/** Command-line options → options of `generate`. */
export function readOptions(values) {
  const options = {};
  if (values.invalid !== undefined) options.invalid = Number(values.invalid);
  if (values['maximum-depth']) options.maximumDepth = Number(values['maximum-depth']);
  if (values['maximum-fields']) options.maximumFields = Number(values['maximum-fields']);
  if (values.filters !== undefined) options.filters = LIST(values.filters);
  if (values.skip) options.skippedFields = LIST(values.skip);
  if (values.mutations !== undefined) options.mutations = Number(values.mutations);
  if (values.kinds) options.kinds = LIST(values.kinds);
  return options;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
