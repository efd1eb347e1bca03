// Starting up is a budget, so what most runs do without is loaded where it is used. In the bundled
// commands a module that needs an npm package is a file of its own, and so is the package; the
// others are part of the command's file, and unevaluated code in it costs next to nothing.
// For the same reason Node's own modules are imported by name: `import * as util` runs every getter
// of the module, which loads streams, workers and more.
/* eslint-disable @typescript-eslint/no-require-imports */

export const help = () => require('./help.js') as typeof import('./help.js');
export const nearest = () => require('./nearest.js') as typeof import('./nearest.js');
export const progress = () => require('./progress.js') as typeof import('./progress.js');
export const remedies = () => require('./remedies.js') as typeof import('./remedies.js');
export const units = () => require('./units.js') as typeof import('./units.js');
export const wait = () => require('./wait.js') as typeof import('./wait.js');
export const os = () => require('node:os') as typeof import('node:os');
export const tty = () => require('node:tty') as typeof import('node:tty');
