// npm run audit: npm's list of known weaknesses in what is depended on. Where the registry has no
// such list (a mirror, no network), that is said and is no failure.
import { npm, run, say } from './run.mjs';

const result = await run(...npm('audit', '--json'));
let report = null;
try {
  report = JSON.parse(result.output.slice(result.output.indexOf('{')));
} catch {
  // Not JSON: said below.
}
const counts = report?.metadata?.vulnerabilities;
if (counts === undefined) {
  const reason = report?.message ?? report?.error?.summary ?? result.output.trim().split('\n')[0];
  say(`audit is skipped: the registry does not answer it (${reason})`);
} else {
  say(`audit: ${counts.total} known weaknesses`);
  for (const [name, { severity }] of Object.entries(report.vulnerabilities ?? {})) {
    say(`audit: ${name}: ${severity}`);
  }
  process.exitCode = counts.total === 0 ? 0 : 1;
}
