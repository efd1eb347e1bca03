// What test/server-endings.test.ts does a few times, 200 times.
process.env.SOCKKIT_ENDINGS = '200';
// eslint-disable-next-line @typescript-eslint/no-require-imports
require('../server-endings.test.js');
