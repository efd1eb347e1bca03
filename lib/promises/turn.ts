// Calls that are done at once never leave the microtasks: a loop that receives from a sender which
// is quicker would keep timers and all else from running. So only so many are done at once in each
// turn of the event loop, and further ones wait as if there were nothing yet.
const MOST_AT_ONCE = 128;
let done = 0;

/** Whether another call may be tried at once. */
export function mayTry(): boolean {
  if (done === 0) setImmediate(begin);
  done += 1;
  return done <= MOST_AT_ONCE;
}

function begin(): void {
  done = 0;
}
