// What sockcheck loads where it is used, as lazy-modules.ts does for all commands.
/* eslint-disable @typescript-eslint/no-require-imports */

export const bench = () =>
  require('../check/bench/bench.js') as typeof import('../check/bench/bench.js');
export const checkClass = () =>
  require('./sockcheck-class.js') as typeof import('./sockcheck-class.js');
export const checkMerge = () =>
  require('./sockcheck-merge.js') as typeof import('./sockcheck-merge.js');
export const checkWorker = () =>
  require('./sockcheck-worker.js') as typeof import('./sockcheck-worker.js');
export const rubric = () => require('../check/rubric.js') as typeof import('../check/rubric.js');
