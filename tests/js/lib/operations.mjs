// Valid operations: random selections over a schema that never conflict with each other.
//
// What makes a document valid by construction is the *scope*: for one place in the answer, which response keys are taken
// and by what. Fragments write into the scope of the place where they are spread, so the rule of overlapping fields holds
// across them.
import {
  getNamedType, getNullableType, GraphQLNonNull, GraphQLString, isAbstractType, isCompositeType, isLeafType, isListType, isObjectType, isRequiredArgument,
} from 'graphql';

import { entityOfConnection } from './resolvers.mjs';
import { Values } from './values.mjs';
import { SKIPPED_ARGUMENTS, SKIPPED_FIELDS } from './vocabulary.mjs';

const INTROSPECTION = [
  '__schema { queryType { name kind } mutationType { name } subscriptionType { name } }',
  '__schema { types { name kind } }',
  '__schema { types { name description interfaces { name } possibleTypes { name } } }',
  '__schema { directives { name locations isRepeatable args { name type { name kind } } } }',
  '__schema { __typename queryType { __typename fields { name args { name defaultValue type { kind name ofType { kind name } } } } } }',
];

const REQUIRED_STRING = new GraphQLNonNull(GraphQLString);

/** What stands at one place of the answer: response key → {signature, scope of what is below}. */
class Scope {
  constructor() {
    this.keys = new Map();
  }

  /** Whether everything of another scope may stand beside what is here. */
  accepts(other) {
    return [...other.keys].every(([key, theirs]) => {
      const ours = this.keys.get(key);
      return !ours || (ours.signature === theirs.signature && ours.below.accepts(theirs.below));
    });
  }

  add(other) {
    for (const [key, theirs] of other.keys) {
      if (!this.keys.has(key)) this.keys.set(key, { signature: theirs.signature, below: new Scope() });
      this.keys.get(key).below.add(theirs.below);
    }
  }
}

/** Makes valid documents. `options`: {maximumDepth, maximumFields, filters, skippedFields, mutations}. */
export class Operations {
  constructor({ schema, vocabulary, random, options }) {
    Object.assign(this, { schema, vocabulary, random, options });
    this.skipped = new Set([...SKIPPED_FIELDS, ...options.skippedFields]);
    this.skippedArguments = new Set(SKIPPED_ARGUMENTS);
  }

  /** `{query, operationName, variables}`. */
  make() {
    const { random } = this;
    const operations = Array.from({ length: random.chance(0.08) ? random.int(2, 3) : 1 }, (_, index) => this.#operation(index));
    const named = operations.length > 1 || random.chance(0.55);
    const fragments = operations.flatMap((operation) => operation.fragments);
    const chosen = random.pick(operations);
    const definitions = random.shuffled([...operations.map((operation) => operation.text(named)), ...fragments.map((fragment) => fragment.text)]);
    return {
      query: `${definitions.join('\n\n')}\n`,
      operationName: operations.length > 1 || (named && random.chance(0.3)) ? chosen.name : null,
      variables: chosen.values(),
    };
  }

  #operation(index) {
    this.values = new Values({ random: this.random, vocabulary: this.vocabulary, filters: this.options.filters });
    this.fragments = [];
    this.prefix = `F${index + 1}`;
    this.left = this.options.maximumFields;
    const name = this.random.pick(['Page', 'Q', '_a', 'Recherche']) + (index + 1);
    const changes = this.options.mutations > 0 && this.random.chance(this.options.mutations);
    const root = changes ? this.schema.getMutationType() : this.schema.getQueryType();
    const body = this.#selection(root, new Scope(), { depth: 0, lists: 0 });
    const fragments = this.#reachable(body);
    const everything = [body, ...fragments.map((fragment) => fragment.text)].join('\n');
    const used = [...this.values.variables].filter(([variable]) => new RegExp(`\\$${variable}\\b`).test(everything));
    const declared = used.map(([variable, { type, initial }]) => `$${variable}: ${type}${initial === undefined ? '' : ` = ${initial}`}`);
    return {
      name,
      fragments,
      text: (named) => {
        const variables = declared.length > 0 ? `(${declared.join(', ')})` : '';
        if (!named && !changes && variables === '' && this.random.chance(0.6)) return body;
        return `${changes ? 'mutation' : 'query'}${named ? ` ${name}` : ' '}${variables} ${body}`;
      },
      values: () => {
        const given = used.filter(([, { value }]) => value !== undefined).map(([variable, { value }]) => [variable, value]);
        // One that nobody declared is let pass.
        if (this.random.chance(0.03)) given.push(['notDeclared', 1]);
        return given.length > 0 ? Object.fromEntries(given) : null;
      },
    };
  }

  /** The fragments a text spreads, and those that they spread. */
  #reachable(text, found = new Set()) {
    for (const [, name] of text.matchAll(/\.\.\.\s*(F\d+_\w+)/g)) {
      const fragment = this.fragments.find((one) => one.name === name);
      if (!fragment || found.has(fragment)) continue;
      found.add(fragment);
      this.#reachable(fragment.text, found);
    }
    return [...found];
  }

  /** `{ … }` for a composite type. */
  #selection(type, scope, place) {
    const { random } = this;
    const parts = [];
    const wanted = place.depth === 0 ? random.int(1, 3) : random.int(1, 5);
    for (let count = 0; count < wanted; count += 1) {
      const part = this.#part(type, scope, place);
      if (part) parts.push(part);
    }
    if (parts.length === 0) parts.push(this.#typename(scope));
    return `{ ${parts.join(random.chance(0.1) ? ',\n  ' : '\n  ')} }`;
  }

  #part(type, scope, place) {
    const { random } = this;
    if (this.left <= 0) return undefined;
    const roll = random.next();
    if (roll < 0.06) return this.#typename(scope);
    if (place.depth === 0 && type === this.schema.getQueryType() && roll < 0.12) return this.#introspection(scope);
    if (isAbstractType(type) && roll < 0.18) return this.#oneKeyTwoTypes(type, scope);
    if (roll < 0.22) return this.#inlineFragment(type, scope, place);
    if (roll < 0.3) return this.#namedFragment(type, scope, place);
    return this.#field(type, scope, place);
  }

  #typename(scope) {
    return this.#keyed(scope, '__typename', '__typename', '', new Scope(), '') ?? '__typename';
  }

  #introspection(scope) {
    const { random } = this;
    const names = Object.keys(this.schema.getTypeMap()).filter((name) => !name.startsWith('__'));
    const name = random.chance(0.9) ? random.pick(names) : 'NoSuchType';
    const body = random.pick([
      ...INTROSPECTION,
      `__type(name: "${name}") { name kind description fields(includeDeprecated: ${random.chance(0.5)}) { name description isDeprecated deprecationReason type { name kind ofType { name kind } } args { name description defaultValue } } }`,
      `__type(name: "${name}") { kind enumValues(includeDeprecated: true) { name description isDeprecated } inputFields { name defaultValue type { kind name ofType { kind ofType { name } } } } specifiedByURL }`,
      `__type(name: ${this.values.write(name, REQUIRED_STRING, false)}) { __typename name interfaces { name } possibleTypes { name } }`,
    ]);
    // Always under a key of its own: two introspections never meet.
    this.left -= 3;
    const key = this.#free(scope, 'meta');
    scope.keys.set(key, { signature: body, below: new Scope() });
    return `${key}: ${body}`;
  }

  #field(type, scope, place) {
    const { random } = this;
    if (!type.getFields) return this.#typename(scope);
    const fields = Object.values(type.getFields()).filter((field) => this.#usable(type, field, place));
    // Mostly something new; now and then the same again, to be merged.
    const fresh = random.chance(0.85) ? fields.filter((one) => !scope.keys.has(one.name)) : [];
    const field = random.pick(fresh.length > 0 ? fresh : fields);
    if (!field) return this.#typename(scope);
    const named = getNamedType(field.type);
    const connection = entityOfConnection(named);
    const many = connection || isListType(getNullableType(field.type));
    const args = this.values.arguments(type, field, {
      // Pages below pages are short, and say so: the answer grows with their product.
      first: connection && place.lists > 0 ? 3 : undefined,
      skipped: this.skippedArguments,
    });
    if (!args) return undefined;
    const written = args.length > 0 ? `(${args.map(([name, value]) => `${name}: ${value}`).join(', ')})` : '';
    this.left -= 1;
    if (isLeafType(named)) return this.#keyed(scope, field.name, `${field.name}${written}`, String(field.type), new Scope(), '');
    const below = { depth: place.depth + 1, lists: place.lists + (many ? 1 : 0) };
    return this.#keyed(scope, field.name, `${field.name}${written}`, String(field.type), undefined, (inner) => this.#selection(named, inner, below));
  }

  #usable(type, field, place) {
    if (this.skipped.has(`${type.name}.${field.name}`) || this.skipped.has(`*.${field.name}`)) return false;
    const named = getNamedType(field.type);
    if (field.args.some((argument) => isRequiredArgument(argument) && this.skippedArguments.has(argument.name))) return false;
    if (!isCompositeType(named)) return true;
    if (place.depth + 1 >= this.options.maximumDepth) return false;
    return !(entityOfConnection(named) && place.lists >= 3);
  }

  /** Writes a field under its own name or an alias, and again under a key it already has now and then. */
  #keyed(scope, name, call, type, belowLeaf, selection) {
    const { random } = this;
    const signature = `${call}: ${type}`;
    let key = random.chance(0.2) ? random.pick(['a', 'b', 'titre', '_x']) + random.int(1, 9) : name;
    const taken = scope.keys.get(key);
    if (taken && (taken.signature !== signature || (random.chance(0.4) && selection !== ''))) key = this.#free(scope, name);
    const entry = scope.keys.get(key) ?? { signature, below: belowLeaf ?? new Scope() };
    scope.keys.set(key, entry);
    const body = typeof selection === 'function' ? ` ${selection(entry.below)}` : '';
    return `${key === name ? '' : `${key}: `}${call}${this.#directives()}${body}`;
  }

  #free(scope, name) {
    for (let number = 1; ; number += 1) if (!scope.keys.has(`${name}_${number}`)) return `${name}_${number}`;
  }

  #directives() {
    const { random } = this;
    if (random.chance(0.88)) return '';
    const skip = () => ` @skip(if: ${this.values.condition(random.chance(0.3))})`;
    const include = () => ` @include(if: ${this.values.condition(random.chance(0.7))})`;
    if (random.chance(0.15)) return random.shuffled([skip(), include()]).join('');
    return random.chance(0.5) ? skip() : include();
  }

  /** A type that a fragment inside `type` may be about. */
  #condition(type) {
    const { random, schema } = this;
    const possible = isAbstractType(type) ? [...schema.getPossibleTypes(type)] : [];
    const above = isObjectType(type) ? [...type.getInterfaces()] : [];
    if (isAbstractType(type) && random.chance(0.85)) return random.pick(possible);
    return random.chance(0.3) && above.length > 0 ? random.pick(above) : type;
  }

  #inlineFragment(type, scope, place) {
    const { random } = this;
    const condition = this.#condition(type);
    const on = condition === type && random.chance(0.4) ? '' : ` on ${condition.name}`;
    return `...${on}${this.#directives()} ${this.#selection(condition, scope, place)}`;
  }

  /** Two types that never meet may answer different fields of one shape under one key. */
  #oneKeyTwoTypes(type, scope) {
    const { random } = this;
    const [left, right] = random.shuffled(this.schema.getPossibleTypes(type));
    if (!right) return undefined;
    const plain = (one) => Object.values(one.getFields()).filter((field) => isLeafType(getNamedType(field.type)) && field.args.length === 0 && this.#usable(one, field, { depth: 0, lists: 0 }));
    const first = random.pick(plain(left));
    const second = first && random.pick(plain(right).filter((field) => String(field.type) === String(first.type)));
    if (!second) return undefined;
    const key = this.#free(scope, 'either');
    const text = `... on ${left.name} { ${key}: ${first.name} } ... on ${right.name} { ${key}: ${second.name} }`;
    scope.keys.set(key, { signature: text, below: new Scope() });
    this.left -= 2;
    return text;
  }

  #namedFragment(type, scope, place) {
    const { random } = this;
    const condition = this.#condition(type);
    const again = random.pick(this.fragments.filter((one) => one.done && one.type === condition && place.depth <= one.depth && place.lists <= one.lists));
    if (again && random.chance(0.5) && scope.accepts(again.scope)) {
      scope.add(again.scope);
      return `...${again.name}${this.#directives()}`;
    }
    const fragment = { name: `${this.prefix}_${this.fragments.length + 1}`, type: condition, scope: new Scope(), depth: place.depth, lists: place.lists, done: false };
    this.fragments.push(fragment);
    const body = this.#selection(condition, fragment.scope, place);
    fragment.text = `fragment ${fragment.name} on ${condition.name} ${body}`;
    fragment.done = true;
    if (!scope.accepts(fragment.scope)) return undefined;
    scope.add(fragment.scope);
    return `...${fragment.name}${this.#directives()}`;
  }
}
