// Parts that most runs do without: `lazy.help()` loads the module or gives it from the cache.
export * as lazy from './lazy-modules.js';
