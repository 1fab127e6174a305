#!/usr/bin/env node
// Opens the GraphiQL page in a real browser and uses it as a newcomer would.
//
//   node graphiql.mjs URL [OUT.png]          URL: http://127.0.0.1:8080/graphiql; CHROMIUM names another browser
//
// Checks: the shop's examples are the tabs, the headers editor is there, the first query runs by its button and its
// answer has data, the editor's workers start, a reload keeps the tabs, no request leaves this machine, and neither the
// page nor its Content-Security-Policy reports an error. Prints {checks, requests}; exit code 1 when a check failed.
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser on this machine, or undefined. */
export const browserPath = () => BROWSERS.find((path) => path && existsSync(path));

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

const isLocal = (url) => ['data:', 'blob:', 'about:'].includes(url.protocol) || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);

/** Runs the checks: `{checks: [{name, ok, detail?}], requests}`. */
export async function tryPage(url, screenshot) {
  const checks = [];
  const check = async (name, run) => {
    try {
      const detail = await run();
      checks.push({ name, ok: true, ...(detail === undefined ? {} : { detail }) });
    } catch (error) {
      checks.push({ name, ok: false, detail: error.message.split('\n')[0] });
    }
  };
  const must = (condition, message) => {
    if (!condition) throw new Error(message);
  };

  const examples = await fetch(new URL('/graphiql/examples.json', url)).then((response) => (response.ok ? response.json() : []), () => []);
  const browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
  try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const requests = [];
    const outside = [];
    const complaints = [];
    context.on('request', (request) => {
      const asked = new URL(request.url());
      requests.push(`${request.method()} ${asked.pathname}`);
      if (!isLocal(asked)) outside.push(request.url());
    });
    // Nothing outside is reached even where a check is about to fail.
    await context.route((asked) => !isLocal(asked), (route) => route.abort());
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });

    await page.goto(url, { waitUntil: 'load' });
    await check('GraphiQL opens', async () => {
      await page.locator('.graphiql-container').waitFor({ timeout: 30_000 });
      await page.locator('.graphiql-query-editor .monaco-editor').first().waitFor({ timeout: 30_000 });
    });
    const tabs = page.locator('.graphiql-tab-button');
    const titles = async () => (await tabs.allInnerTexts()).map((title) => title.trim());
    await check('the examples are the tabs', async () => {
      const open = await titles();
      must(open.length === Math.max(examples.length, 1), `${open.length} tabs for ${examples.length} examples: ${open}`);
      for (const { query } of examples) {
        const operation = /^\s*query\s+(\w+)/m.exec(query)?.[1];
        must(!operation || open.includes(operation), `no tab ${operation}: ${open}`);
      }
      return open;
    });
    const headersEditor = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor').first();
    const openHeaders = async () => {
      await page.getByRole('button', { name: 'Headers', exact: true }).click();
      await headersEditor.waitFor({ timeout: 5000 });
    };
    const result = page.locator('.result-window');
    // The editor draws spaces as no-break spaces.
    const shown = async () => (await result.innerText()).replaceAll('\u00a0', ' ');
    const runFirst = async () => {
      await page.locator('.graphiql-execute-button').click();
      const menu = page.getByRole('menuitem').first();
      if (await menu.isVisible().catch(() => false)) await menu.click();
      const until = Date.now() + 15_000;
      while (!(await shown()).includes('"data"') && Date.now() < until) await page.waitForTimeout(100);
      const text = await shown();
      must(text.includes('"data"'), `the result pane says: ${text.slice(0, 200)}`);
    };
    await check('the first query runs and has data', runFirst);
    await check('the headers editor is there, and what it holds is sent', async () => {
      await openHeaders();
      await headersEditor.click();
      await page.keyboard.insertText('{"x-comptoir-check": "1"}');
      const sent = page.waitForRequest((request) => request.method() === 'POST' && request.headers()['x-comptoir-check'] === '1', { timeout: 10_000 });
      await runFirst();
      await sent;
      await headersEditor.click();
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Delete');
      await page.getByRole('button', { name: 'Variables', exact: true }).click();
    });
    await check('the schema is known', async () => {
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      const explorer = page.locator('.graphiql-doc-explorer');
      await explorer.getByText('Query', { exact: true }).first().waitFor({ timeout: 10_000 });
      await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
      await explorer.waitFor({ state: 'hidden' });
    });
    await check('the editor’s workers run', async () => {
      must(page.workers().length > 0, 'no worker');
      return page.workers().length;
    });
    if (screenshot) await page.screenshot({ path: screenshot });
    await check('a reload keeps the tabs', async () => {
      const before = await titles();
      await page.reload({ waitUntil: 'load' });
      await page.locator('.graphiql-query-editor .monaco-editor').first().waitFor({ timeout: 30_000 });
      const after = await titles();
      must(String(after) === String(before), `${before} became ${after}`);
    });
    const withHeaders = examples.find(({ headers }) => headers && Object.keys(headers).length > 0);
    if (withHeaders) {
      await check('an example has its headers after a reload too', async () => {
        await tabs.nth(examples.indexOf(withHeaders)).click();
        await openHeaders();
        const [key] = Object.keys(typeof withHeaders.headers === 'string' ? JSON.parse(withHeaders.headers) : withHeaders.headers);
        await headersEditor.getByText(key).first().waitFor({ timeout: 5000 });
      });
    }
    await check('no request leaves this machine', () => must(outside.length === 0, outside.join(' ')));
    await check('no error in the page or its policy', () => must(complaints.length === 0, complaints.join(' | ')));
    return { checks, requests: [...new Set(requests)] };
  } finally {
    await browser.close();
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [url, screenshot] = process.argv.slice(2);
  if (!url || !browserPath()) {
    console.error(url ? 'no Chromium found: install it, or name one in CHROMIUM' : 'usage: graphiql.mjs URL [OUT.png]');
    process.exit(2);
  }
  const outcome = await tryPage(url, screenshot);
  console.log(JSON.stringify(outcome, null, 2));
  process.exitCode = outcome.checks.every(({ ok }) => ok) ? 0 : 1;
}
