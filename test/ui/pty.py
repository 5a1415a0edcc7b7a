"""Runs a command on a terminal of its own: pty.py COLUMNS ROWS COMMAND...

Writes what the command writes; takes orders as lines of JSON on standard input:
{"write": TEXT}, {"resize": [COLUMNS, ROWS]}, {"signal": NUMBER}, {"hangup": true}. Exits with the command's exit code.
"""

import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    terminal, slave = os.openpty()
    resize(slave, columns, rows)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in (0, 1, 2):
            os.dup2(slave, number)
        os.closerange(3, 256)
        os.execvp(command[0], command)
    os.close(slave)
    orders = b""
    sources = [terminal, 0]
    while terminal in sources:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:  # Linux says EIO when the last one has closed the terminal.
                data = b""
            if data == b"":
                sources.remove(source)
            elif source == terminal:
                os.write(1, data)
            else:
                *lines, orders = (orders + data).split(b"\n")
                for line in lines:
                    order = json.loads(line)
                    if "write" in order:
                        os.write(terminal, order["write"].encode())
                    if "resize" in order:
                        resize(terminal, *order["resize"])
                    if "signal" in order:
                        os.kill(pid, order["signal"])
                    if "hangup" in order:
                        os.close(terminal)
                        sources.remove(terminal)
    status = os.waitpid(pid, 0)[1]
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


signal.signal(signal.SIGPIPE, signal.SIG_DFL)
main()
