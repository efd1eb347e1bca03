import { closeClients } from '../helpers/clients.js';
import { holderBesideLargeClients } from '../helpers/crowd.js';
import { stopAll } from '../helpers/run.js';

afterEach(async () => {
  closeClients();
  await stopAll();
});

test('a silent holder beside 40 clients of 200 MB', async () => {
  await holderBesideLargeClients({ clients: 40, bytes: 200_000_000, stall: '5s' });
}, 600_000);
