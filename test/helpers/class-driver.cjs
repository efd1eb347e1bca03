// sockcheck's class mode with the fake worker beside this file. argv: class.yaml, then options as JSON.
const { join } = require('node:path');
// What the bundler puts into the commands.
globalThis.SOCKKIT_VERSION = '0';
const { classMain } = require('../../dist/lib/cli/sockcheck-class.js');
const { exitStatus } = require('../../dist/lib/cli/command.js');

const [, , file, options = '{}'] = process.argv;
const values = {
  ...{ report: null, rubric: null, results: null, shard: null, jobs: null },
  ...{ again: false, bench: false, verbose: false },
  ...JSON.parse(options),
};
classMain(file, values, { file: join(__dirname, 'class-worker.cjs'), args: [] })
  .catch((error) => exitStatus('sockcheck', error))
  .then((status) => process.exit(status));
