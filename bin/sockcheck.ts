#!/usr/bin/env node
import { main } from '../lib/cli/sockcheck.js';

void main(process.argv.slice(2)).then((status) => process.exit(status));
