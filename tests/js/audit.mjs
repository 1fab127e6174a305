#!/usr/bin/env node
// Runs every audit of GraphQL over HTTP (npm `graphql-http`) against a server.
//
//   node audit.mjs URL
//
// Prints {passed, failed: [{id, name, reason}], total}; exit code 1 when any failed, whatever its level (MUST, SHOULD, MAY).
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serverAudits } from 'graphql-http';

/** Runs the audits one after the other. */
export async function audit(url) {
  const failed = [];
  const audits = serverAudits({ url });
  for (const { id, name, fn } of audits) {
    const { status, reason } = await fn();
    if (status !== 'ok') failed.push({ id, name, reason });
  }
  return { passed: audits.length - failed.length, failed, total: audits.length };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [url] = process.argv.slice(2);
  if (!url) {
    console.error('usage: audit.mjs URL');
    process.exit(2);
  }
  try {
    const result = await audit(url);
    console.log(JSON.stringify(result, null, 2));
    process.exitCode = result.failed.length > 0 ? 1 : 0;
  } catch (error) {
    // The audits catch what a server answers wrongly, not that there is no server.
    console.error(`${url} cannot be audited: ${error.cause?.message ?? error.message}`);
    process.exitCode = 1;
  }
}
