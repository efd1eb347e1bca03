// Each format brings its library; a run that writes none of it loads none of it.
/* eslint-disable @typescript-eslint/no-require-imports */

export const lazy = {
  charts: () => require('./charts.js') as typeof import('./charts.js'),
  class: () => require('./class.js') as typeof import('./class.js'),
  gradescope: () => require('./gradescope.js') as typeof import('./gradescope.js'),
  junit: () => require('./junit.js') as typeof import('./junit.js'),
  submission: () => require('./submission.js') as typeof import('./submission.js'),
};
