// How GraphiQL asks the gateway: one POST, and whatever came back shown as it is.

export const ENDPOINT = '/graphql';

/** GraphiQL's fetcher: `{query, variables, operationName}` and the headers editor's content in, a GraphQL response out. */
export async function fetcher(params, options = {}) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...options.headers,
    },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // Not GraphQL: a proxy's error page, a gateway that stops. Say so instead of "unexpected token <".
    return {
      errors: [
        {
          message: `${ENDPOINT} answered HTTP ${response.status} ${response.statusText} with something other than JSON.`,
          extensions: { body: text.slice(0, 500) },
        },
      ],
    };
  }
}
