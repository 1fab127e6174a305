// Serves the built GraphiQL page as the gateway does, with the Content-Security-Policy the gateway sends, in front of any
// GraphQL handler. For the harness's own tests.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const dist = join(root, 'playground/dist');

/** Whether there is a page to serve. */
export const isBuilt = () => existsSync(join(dist, 'index.html'));

/** The policy as src/http/playground.rs has it. */
export function contentSecurityPolicy() {
  const source = readFileSync(join(root, 'src/http/playground.rs'), 'utf8');
  return /CONTENT_SECURITY_POLICY: &str = "([^"]+)";/.exec(source)[1].replaceAll(/\\\n\s*/g, '');
}

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.ttf': 'font/ttf' };

/** A server that is not listening yet. */
export function pageServer({ graphql, examples }) {
  const policy = contentSecurityPolicy();
  return createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (type, body, status = 200) => response.writeHead(status, { 'content-type': type, 'content-security-policy': policy }).end(body);
    if (pathname === '/graphql') return graphql(request, response);
    if (pathname === '/graphiql') return send('text/html; charset=utf-8', readFileSync(join(dist, 'index.html')));
    if (pathname === '/graphiql/examples.json' && examples) return send('application/json', JSON.stringify(examples));
    const path = pathname.startsWith('/graphiql/') && join(dist, normalize(pathname.slice('/graphiql'.length)));
    if (path && extname(path) in TYPES && existsSync(path)) return send(TYPES[extname(path)], readFileSync(path));
    return send('text/plain', 'not found', 404);
  });
}
