// Headers for node-gyp, without asking the network for them.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { headers } from '../native/build.mjs';
import { root } from './run.mjs';

/**
 * A directory for node-gyp's --nodedir. Where node came without headers, one is made up from the
 * Node-API headers, which are all that the addon includes.
 */
export function nodeDir() {
  const include = headers();
  if (existsSync(join(include, 'common.gypi'))) return resolve(include, '../..');
  const made = join(root, 'build-headers');
  const folder = join(made, 'include/node');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(include)) {
    if (name.endsWith('.h')) copyFileSync(join(include, name), join(folder, name));
  }
  const common = {
    target_defaults: {
      default_configuration: 'Release',
      configurations: { Release: {}, Debug: {} },
      cflags: ['-fPIC', '-pthread'],
      conditions: [
        ["OS=='mac'", { xcode_settings: { OTHER_LDFLAGS: ['-undefined dynamic_lookup'] } }],
      ],
    },
  };
  writeFileSync(join(folder, 'common.gypi'), `${JSON.stringify(common, null, 2)}\n`);
  writeFileSync(join(folder, 'config.gypi'), `${JSON.stringify(process.config, null, 2)}\n`);
  return made;
}
