// All cases, in the order in which they are listed.
import type { Case } from '../case.js';
import { messageCases } from './messages.js';

export const CASES: readonly Case[] = [...messageCases].sort(
  (a, b) => Number(a.side === 'client') - Number(b.side === 'client'),
);
