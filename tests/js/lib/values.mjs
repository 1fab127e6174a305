// Argument values for valid operations: drawn from the data where the argument means something there, else made from the
// type. A value is written as a literal, and any part of it may be handed over in a variable instead.
import { getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, isRequiredInputField } from 'graphql';

import { ENTITIES, entityOfConnection } from './resolvers.mjs';

/** Writes values for one operation, declaring the variables it makes on the way. */
export class Values {
  constructor({ random, vocabulary, filters }) {
    this.random = random;
    this.vocabulary = vocabulary;
    this.filters = new Set(filters);
    /** name → {type: string, initial?: literal, value?: JSON} */
    this.variables = new Map();
  }

  /** The arguments of a field as `[name, literal]`, or undefined where they cannot be made (no data to draw from). */
  arguments(parent, field, { first, skipped }) {
    const { random } = this;
    const lookUp = this.#lookUp(parent, field);
    if (lookUp) return lookUp;
    const result = [];
    for (const argument of field.args) {
      if (skipped.has(argument.name)) continue;
      const required = isNonNullType(argument.type) && argument.defaultValue === undefined;
      if (!required && !(argument.name === 'first' && first !== undefined) && random.chance(0.5)) continue;
      const value = this.#meant(parent, field, argument, first) ?? this.#made(argument.type);
      if (value === undefined) {
        if (required) return undefined;
        continue;
      }
      result.push([argument.name, this.write(value.json, argument.type, argument.defaultValue !== undefined)]);
    }
    return random.shuffled(result);
  }

  /** A directive argument: `true`, `false` or a variable. */
  condition(yes) {
    const { random } = this;
    if (random.chance(0.5)) return String(yes);
    if (random.chance(0.4)) return this.#declare({ type: 'Boolean', initial: String(yes) });
    if (random.chance(0.3)) return this.#declare({ type: 'Boolean', initial: String(!yes), value: yes });
    return this.#declare({ type: 'Boolean!', value: yes });
  }

  /** `department(code:)` and the like take one of their arguments; now and then both or none, which is a field error. */
  #lookUp(parent, field) {
    if (parent.name !== 'Query') return undefined;
    const type = getNamedType(field.type).name;
    const names = field.args.map((argument) => argument.name);
    if (!ENTITIES[type] || !names.includes('code')) return undefined;
    const { random, vocabulary } = this;
    const draw = {
      code: () => vocabulary.code(random, type),
      slug: () => random.pick(vocabulary.slugs[type]) ?? 'no-such-slug',
      barcode: () => random.pick(vocabulary.barcodes) ?? '0000000000000',
    };
    const known = names.filter((name) => draw[name]);
    let chosen = [random.chance(0.75) ? 'code' : random.pick(known)];
    if (random.chance(0.04)) chosen = random.chance(0.5) ? [] : random.shuffled(known);
    const result = chosen.map((name) => {
      const argument = field.args.find((one) => one.name === name);
      return [name, this.write(draw[name](), argument.type, false)];
    });
    const other = known.find((name) => !chosen.includes(name));
    if (other && chosen.length === 1 && random.chance(0.05)) result.push([other, 'null']);
    return result;
  }

  /** Values for arguments that mean something in a shop: `{json}`; undefined for the others. */
  #meant(parent, field, argument, first) {
    const { random, vocabulary } = this;
    const some = (json) => (json === undefined ? undefined : { json });
    switch (argument.name) {
      case 'first':
        if (parent.name === 'Query' && random.chance(0.03)) return { json: random.int(101, 1000) };
        return { json: random.int(1, first ?? 10) };
      case 'id':
        return some(random.pick(vocabulary.ids));
      case 'ids':
        return { json: Array.from({ length: random.int(0, 4) }, () => random.pick(vocabulary.ids)).filter(Boolean) };
      case 'parentCode':
        return some(random.pick(vocabulary.codes.Department));
      case 'path':
        return some(random.pick(vocabulary.paths) ?? '/no/such/path');
      case 'usage':
        return { json: random.chance(0.85) && vocabulary.usages.length ? random.pick(vocabulary.usages) : 'no-such-usage' };
      case 'options':
        return { json: random.chance(0.85) && vocabulary.optionLists.length ? random.shuffled(random.pick(vocabulary.optionLists)) : [{ name: 'No', value: 'such' }] };
      case 'filter': {
        const json = this.#filter(entityOfConnection(getNamedType(field.type)), getNamedType(argument.type), 2);
        return json && { json };
      }
      default:
        return undefined;
    }
  }

  #filter(entity, type, depth) {
    if (!entity || !isInputObjectType(type)) return undefined;
    const { random } = this;
    const fields = type.getFields();
    if (depth > 0 && random.chance(0.25)) {
      const combine = random.pick(['and', 'or', 'not'].filter((name) => fields[name]));
      const inner = () => this.#filter(entity, type, depth - 1) ?? {};
      if (combine === 'not') return { not: inner() };
      if (combine) return { [combine]: Array.from({ length: random.int(1, 3) }, inner) };
    }
    const usable = [...this.filters]
      .map((path) => path.split('.'))
      .filter(([field, operator]) => fields[field] && getNamedType(fields[field].type).getFields?.()[operator]);
    const choice = random.pick(usable);
    if (!choice) return undefined;
    const [field] = choice;
    const result = {};
    for (const [, operator] of random.shuffled(usable.filter(([name]) => name === field)).slice(0, random.chance(0.8) ? 1 : 2)) {
      const operand = this.#operand(entity, field, operator);
      if (operand !== undefined) result[operator] = operand;
    }
    return { [field]: result };
  }

  #operand(entity, field, operator) {
    const { random, vocabulary } = this;
    const value = () => (field === 'code' ? vocabulary.code(random, entity) : random.pick(vocabulary.values(entity, field)));
    if (operator === 'under') return vocabulary.code(random, 'Department');
    if (operator === 'isNull') return random.chance(0.5);
    if (operator === 'in' || operator === 'notIn') return Array.from({ length: random.int(1, 4) }, value).filter((one) => one !== undefined);
    if (operator === 'startsWith') {
      const characters = [...String(value() ?? 'A')];
      return characters.slice(0, random.int(1, 3)).join('') || 'A';
    }
    return value();
  }

  /** Any good value of an input type, as `{json}`; undefined for a scalar nobody knows. */
  #made(type) {
    const { random } = this;
    if (isNonNullType(type)) return this.#made(type.ofType);
    if (isListType(type)) {
      const items = Array.from({ length: random.int(0, 3) }, () => this.#made(type.ofType));
      return items.some((item) => item === undefined) ? undefined : { json: items.map((item) => item.json) };
    }
    if (isEnumType(type)) return { json: random.pick(type.getValues()).name };
    if (isInputObjectType(type)) {
      const json = {};
      for (const field of Object.values(type.getFields())) {
        if (!isRequiredInputField(field) && random.chance(0.6)) continue;
        // An input that names a record is given one that there is, most of the time.
        const value = field.name === 'articleCode' ? { json: this.vocabulary.code(random, 'Article') } : this.#made(field.type);
        if (value === undefined) return undefined;
        json[field.name] = value.json;
      }
      return { json };
    }
    const scalars = {
      Boolean: () => random.chance(0.5),
      Int: () => random.int(0, 50),
      Float: () => random.int(0, 500) / 8,
      String: () => random.pick(['', 'a', 'été', 'line\nbreak "quoted" \\ back', '☃']),
      ID: () => random.pick(['A', 'B1']),
      Decimal: () => random.pick(['0', '1', '12.5', '-3.75']),
      Date: () => '2024-02-29',
      DateTime: () => '2024-02-29T12:00:00Z',
    };
    const make = scalars[type.name];
    return make && { json: make() };
  }

  /** A value as a literal; parts of it, or all, may become variables. `hasDefault`: the place has a default value. */
  write(json, type, hasDefault) {
    const { random } = this;
    if (random.chance(0.18)) return this.#asVariable(json, type, hasDefault);
    const nullable = isNonNullType(type) ? type.ofType : type;
    if (json === null) return 'null';
    if (isListType(nullable)) {
      if (!Array.isArray(json)) return this.write(json, nullable.ofType, false);
      // One item may stand for the list of it.
      if (json.length === 1 && random.chance(0.3)) return literal(json[0], nullable.ofType);
      return `[${json.map((item) => this.write(item, nullable.ofType, false)).join(', ')}]`;
    }
    if (isInputObjectType(nullable)) {
      const fields = nullable.getFields();
      return `{${Object.entries(json).map(([name, value]) => `${name}: ${this.write(value, fields[name].type, fields[name].defaultValue !== undefined)}`).join(', ')}}`;
    }
    return literal(json, nullable, random);
  }

  #asVariable(json, type, hasDefault) {
    const { random } = this;
    const named = String(type);
    const nullable = isNonNullType(type) ? String(type.ofType) : named;
    const initial = literal(json, type);
    if (isNonNullType(type)) {
      // A nullable variable may stand in a non-null place when one of the two has a default.
      if (random.chance(0.3)) return this.#declare({ type: nullable, initial });
      if (hasDefault && random.chance(0.4)) return this.#declare(random.chance(0.3) ? { type: nullable, value: null } : { type: nullable });
      return this.#declare(random.chance(0.3) ? { type: named, initial } : { type: named, value: json });
    }
    switch (random.int(0, 11)) {
      case 11:
        // Not given: the argument, or the input field, is not there.
        return this.#declare({ type: nullable });
      case 0:
      case 6:
        return this.#declare({ type: `${nullable}!`, value: json });
      case 1:
      case 7:
        return this.#declare({ type: nullable, initial });
      case 2:
      case 8:
        return this.#declare({ type: nullable, initial: 'null', value: json });
      default:
        return this.#declare({ type: nullable, value: json });
    }
  }

  #declare(variable) {
    const name = `${this.random.pick(['v', 'x', '_var'])}${this.variables.size + 1}`;
    this.variables.set(name, variable);
    return `$${name}`;
  }
}

/** A JSON value as a GraphQL literal of a type, in one of the ways it may be written. */
export function literal(json, type, random) {
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (json === null || json === undefined) return 'null';
  if (Array.isArray(json)) return `[${json.map((item) => literal(item, isListType(nullable) ? nullable.ofType : nullable, random)).join(', ')}]`;
  if (isListType(nullable)) return literal(json, nullable.ofType, random);
  if (isEnumType(nullable)) return json;
  if (typeof json === 'object') {
    const fields = isInputObjectType(nullable) ? nullable.getFields() : {};
    return `{${Object.entries(json).map(([name, value]) => `${name}: ${literal(value, fields[name]?.type ?? nullable, random)}`).join(', ')}}`;
  }
  if (typeof json === 'string') {
    // An ID may be written as an integer when it reads the same, a text as a block string when it has nothing special.
    if (nullable.name === 'ID' && /^(0|[1-9]\d{0,8})$/.test(json) && random?.chance(0.5)) return json;
    if (/^[A-Za-z0-9][A-Za-z0-9 .-]*[A-Za-z0-9]$/.test(json) && random?.chance(0.08)) return `"""${json}"""`;
  }
  return JSON.stringify(json);
}
