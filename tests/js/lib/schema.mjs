// From a shop's SDL to a graphql-js schema whose custom scalars read their input as Comptoir's do.
import { buildASTSchema, GraphQLError, Kind, parse, specifiedRules, validate } from 'graphql';

const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Input rules of the custom scalars. `string`: which strings are good; `integer`: whether integers are too. A scalar
 * without an entry takes anything, as graphql-js has it (JSON).
 */
const SCALARS = {
  Decimal: { string: (text) => DECIMAL.test(text), integer: true },
  Date: { string: (text) => /^\d{4}-\d\d-\d\d$/.test(text) },
  DateTime: { string: (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) },
  HTML: { string: () => true },
  URL: { string: () => true },
};

/** The directives of the spec's drafts that graphql-js checks and the specification of October 2021 does not have. */
const NOT_THE_SPEC = new Set(['MaxIntrospectionDepthRule']);

/** Every validation rule of the specification, by name. */
export const RULES = new Map(
  specifiedRules.filter((rule) => !NOT_THE_SPEC.has(rule.name)).map((rule) => [rule.name, rule]),
);

/**
 * The schema of an SDL. Directives that the SDL uses without declaring (the precedence rules) are let pass: they mean
 * nothing to a client.
 */
export function readSchema(sdl) {
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  for (const [name, rule] of Object.entries(SCALARS)) {
    const type = schema.getType(name);
    if (type) readInputAs(type, rule);
  }
  return schema;
}

function readInputAs(type, { string, integer = false }) {
  const refuse = (what) => {
    throw new GraphQLError(`${type.name} cannot represent ${what}`);
  };
  type.parseValue = (value) => {
    if (typeof value === 'string' && string(value)) return value;
    if (integer && Number.isInteger(value)) return String(value);
    return refuse(JSON.stringify(value));
  };
  type.parseLiteral = (node) => {
    if (node.kind === Kind.STRING && string(node.value)) return node.value;
    if (integer && node.kind === Kind.INT) return node.value;
    return refuse(node.value ?? node.kind);
  };
}

/** The document's validation errors; all rules of the specification, or those given. */
export function validationErrors(schema, document, rules = [...RULES.values()]) {
  return validate(schema, document, rules);
}
