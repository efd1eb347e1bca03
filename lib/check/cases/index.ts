// All cases, in the order in which they are listed.
import type { Case } from '../case.js';
import { callCases } from './calls.js';
import { clientDataCases } from './client-data.js';
import { clientEndCases } from './client-end.js';
import { messageCases } from './messages.js';
import { serverEndCases } from './server-end.js';
import { serverManyCases } from './server-many.js';
import { serverRoughCases } from './server-rough.js';
import { serverStartCases } from './server-start.js';
import { serverThreadCases } from './server-threads.js';

const all: readonly Case[] = [
  ...serverStartCases,
  ...messageCases,
  ...serverManyCases,
  ...serverThreadCases,
  ...serverRoughCases,
  ...serverEndCases,
  ...clientEndCases,
  ...clientDataCases,
  ...callCases,
];

export const CASES: readonly Case[] = [
  ...all.filter(({ side }) => side === 'server'),
  ...all.filter(({ side }) => side === 'client'),
];
