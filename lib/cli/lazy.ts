// Modules that most runs do without. Starting up is a budget, so each is loaded where it is used.
// For the same reason Node's own modules are imported by name: `import * as util` runs every getter
// of the module, which loads streams, workers and more.
/* eslint-disable @typescript-eslint/no-require-imports */

export const lazy = {
  help: () => require('./help.js') as typeof import('./help.js'),
  nearest: () => require('./nearest.js') as typeof import('./nearest.js'),
  progress: () => require('./progress.js') as typeof import('./progress.js'),
  remedies: () => require('./remedies.js') as typeof import('./remedies.js'),
  units: () => require('./units.js') as typeof import('./units.js'),
  wait: () => require('./wait.js') as typeof import('./wait.js'),
  os: () => require('node:os') as typeof import('node:os'),
  tty: () => require('node:tty') as typeof import('node:tty'),
};
