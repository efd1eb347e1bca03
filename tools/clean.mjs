// npm run clean: removes everything that was built. A stale build/ would hide a prebuilt binary.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

for (const name of readdirSync(root)) {
  if (!/^(dist|build|build-.*|prebuilds|coverage)$/.test(name)) continue;
  rmSync(join(root, name), { recursive: true });
}
