// A terminal of a program's own, through Python's pty module.
import { available, start, type Running } from './run.js';

// The program's stdin and stdout are the terminal, and stderr is ours. What it prints comes out
// unchanged: the terminal's own "\n" to "\r\n" is off. When the terminal goes away (this program
// is killed), the program gets SIGHUP, as in a window that is closed.
const SCRIPT = `
import os, pty, sys, termios
stderr = os.dup(2)
settings_ready, say_ready = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(settings_ready, 1)
    os.dup2(stderr, 2)
    os.execv(sys.argv[1], sys.argv[1:])
mode = termios.tcgetattr(terminal)
mode[1] &= ~termios.OPOST
termios.tcsetattr(terminal, termios.TCSANOW, mode)
os.write(say_ready, b"x")
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
os.waitpid(pid, 0)
`;

/** Where there is no Python it says so; the test then skips. */
export function canHaveTerminal(): boolean {
  return available('python3');
}

/** stdout is what the terminal shows. */
export function startOnTerminal(command: readonly string[]): Running {
  return start('python3', ['-c', SCRIPT, ...command]);
}
