// What the generator may say about a shop: which fields it leaves alone, and the values it draws from the data.
import { byCodePoints, ENTITIES } from './resolvers.mjs';

/**
 * Fields never selected, as `Type.field` or `*.field`: cursors are sealed, provenance and plans are compared elsewhere,
 * and what is priced or stocked depends on the clock and the viewer.
 */
export const SKIPPED_FIELDS = [
  '*.cursor', '*.startCursor', '*.endCursor', '*.provenance', '*.facets', '*.score', '*.highlights',
  '*.price', '*.prices', '*.priceRange', '*.notOrderable', '*.stock', 'Shop.priceDisplay',
  'Query.explain', 'Query.explainPrice', 'Query.plan', 'Query.rules', 'Query.sources', 'Query.index', 'Query.orphans',
  'Query.disagreements', 'Query.auditLog', 'Query.staffMembers', 'Query.staffGroups', 'Query.viewer', 'Query.suggest',
  'Query.customer', 'Query.customers', 'Query.cart', 'Query.order', 'Query.orders',
  // What changes the back office is tried elsewhere; mutations as such, by those of a test's own (lib/mutations.mjs).
  'Mutation.login', 'Mutation.refreshToken', 'Mutation.logout', 'Mutation.saveStaffGroup', 'Mutation.saveStaffMember',
  'Mutation.saveAddress', 'Mutation.saveContact',
];

/** Arguments never given: paging goes forward from the start, in code order. */
export const SKIPPED_ARGUMENTS = ['after', 'before', 'last', 'search', 'sort', 'facetFilters', 'preset', 'format'];

/** Filter fields and operators that the server takes and the referee knows; more by `--filters code.eq,department.under`. */
export const FILTERS = ['code.eq', 'code.in', 'code.startsWith'];

const UNKNOWN_CODES = ['NO-SUCH-CODE', '', 'é☃', "O'Hara; --", '0'];

/** The values the data offers. */
export class Vocabulary {
  constructor(data) {
    const records = (part) => Object.entries(data[part] ?? {}).sort(([a], [b]) => byCodePoints(a, b));
    const distinct = (values) => [...new Set(values.filter((value) => value !== undefined && value !== null))];
    this.codes = {};
    this.slugs = {};
    this.ids = [];
    for (const [type, part] of Object.entries(ENTITIES)) {
      this.codes[type] = records(part).map(([code]) => code);
      this.slugs[type] = distinct(records(part).map(([, record]) => text(record.slug)));
      this.ids.push(...distinct(records(part).map(([, record]) => text(record.id))));
    }
    this.barcodes = distinct(records('references').map(([, record]) => text(record.barcode)));
    const everything = Object.values(ENTITIES).flatMap((part) => records(part).map(([, record]) => record));
    this.usages = distinct(
      everything.flatMap((record) => [record.images, record.documents].filter(Array.isArray).flat().map((item) => text(item?.usage))),
    );
    this.optionLists = records('references')
      .map(([, record]) => record.optionValues)
      .filter((list) => Array.isArray(list) && list.length > 0 && list.every((pair) => text(pair?.name) && text(pair?.value)))
      .map((list) => list.map(({ name, value }) => ({ name, value })));
    this.paths = Object.keys(data.routes ?? {});
    /** Every plain value of a scalar field, for filters: `Article.title` → values. */
    this.values = (type, field) => distinct(records(ENTITIES[type]).map(([, record]) => record[field])).filter((value) => typeof value !== 'object');
  }

  /** An existing code, now and then one that nothing has. */
  code(random, type) {
    return random.chance(0.85) && this.codes[type]?.length ? random.pick(this.codes[type]) : random.pick(UNKNOWN_CODES);
  }
}

function text(value) {
  return typeof value === 'string' ? value : undefined;
}
