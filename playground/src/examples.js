// Which tabs the page opens with. The gateway serves the shop's own examples; without them there is one that fits every
// shop. Tabs that a visitor already has are theirs: examples are added to them, never put in their place.

export const EXAMPLES_URL = '/graphiql/examples.json';

const TAB_STATE = 'graphiql:tabState';
const SEEN = 'comptoir:examples';

const FALLBACK = [
  {
    title: 'The first articles of the shop',
    query: `query FirstArticles {
  articles(first: 5) {
    nodes {
      code
      title
      slug
    }
  }
}
`,
  },
];

/** `[{title, query, variables?, headers?}]` from the gateway → GraphiQL tabs; the fallback when there are none. */
export async function loadExamples() {
  let examples = [];
  try {
    const response = await fetch(EXAMPLES_URL, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(5000),
    });
    if (response.ok) examples = await response.json();
  } catch (error) {
    console.warn(`No examples from ${EXAMPLES_URL}:`, error);
  }
  const tabs = Array.isArray(examples) ? examples.filter((e) => typeof e?.query === 'string').map(toTab) : [];
  return tabs.length > 0 ? tabs : FALLBACK.map(toTab);
}

/** A tab shows the operation's name; the title stands above the query as a comment. */
function toTab({ title, query, variables, headers }) {
  const heading = title && !query.trimStart().startsWith('#') ? `# ${String(title).replaceAll(/\s+/g, ' ')}\n` : '';
  return { query: heading + query, variables: asText(variables), headers: asText(headers) };
}

/** Variables and headers may be given as objects or as the text itself. */
function asText(value) {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  return Object.keys(value).length > 0 ? JSON.stringify(value, null, 2) : null;
}

/**
 * GraphiQL's props for its first tabs. A new visitor gets the examples. A visitor with stored tabs keeps them, and gets
 * the examples they have not been shown yet (another shop on the same port, a new version) behind their own.
 */
export function tabProps(tabs, storage) {
  let stored = null;
  try {
    stored = JSON.parse(storage.getItem(TAB_STATE));
  } catch {
    // Unreadable: GraphiQL will start over too.
  }
  const seen = readList(storage, SEEN);
  storage.setItem(SEEN, JSON.stringify(tabs.map((tab) => tab.query)));
  if (!Array.isArray(stored?.tabs) || stored.tabs.length === 0) {
    const [first] = tabs;
    return {
      defaultTabs: tabs,
      // GraphiQL fills the first tab's side editors from these, not from `defaultTabs`.
      initialQuery: first.query,
      initialVariables: first.variables ?? '',
      initialHeaders: first.headers ?? '',
    };
  }
  const open = new Set([...stored.tabs.map((tab) => tab.query), ...seen]);
  const fresh = tabs.filter((tab) => !open.has(tab.query));
  if (fresh.length > 0) {
    stored.tabs.push(...fresh.map(toStoredTab));
    storage.setItem(TAB_STATE, JSON.stringify(stored));
  }
  return { defaultTabs: tabs };
}

function toStoredTab(tab) {
  const name = /^\s*(?:query|mutation|subscription)\s+([A-Za-z_]\w*)/m.exec(tab.query)?.[1] ?? null;
  return {
    ...tab,
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    hash: null,
    title: name ?? '<untitled>',
    operationName: name,
    response: null,
  };
}

function readList(storage, key) {
  try {
    const list = JSON.parse(storage.getItem(key));
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
