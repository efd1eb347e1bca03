// What the package does not export and the tests of its own parts need.
export { binding } from '../../dist/lib/binding.js';
export const bindingFile = require.resolve('../../dist/lib/binding.js');
export { constantTable } from '../../dist/lib/tables/constants.js';
export { fallbackTable } from '../../dist/lib/tables/fallbacks.js';
export { errorCode, errorMessage } from '../../dist/lib/errors.js';
export { openQuestions, waitByPoll } from '../../dist/lib/promises/waits.js';
