#!/usr/bin/env python3
"""Runs a test suite in the NFS client: waits for the server, runs the suite, leaves no mount behind.

    runner.py --suite-root DIR --host 10.0.2.2 --port 4000 [--mount-port 4001] -- <arguments of the suite's script>

The exit code is the suite's, or 128+n where signal n ended it or the runner. The runner's own are:
    2   wrong usage
    72  the server can't be reached, or what answers is not NFS in the wanted version
    73  the suite or Python is missing
Its own lines start with `runner: `; all others are the suite's, as they are.
"""
import argparse
import os
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SERVER_UNREACHABLE, SUITE_MISSING = 72, 73
# Program numbers: RFC 1813 and RFC 7530 (NFS), RFC 1813 appendix I (MOUNT).
NFS, MOUNT = 100003, 100005
ACCEPT_STATES = {2: "it has no such version (PROG_MISMATCH)", 3: "it has no NULL procedure", 4: "it could not read the call", 5: "it had an error"}
# A server that says no has perhaps not finished its start.
REFUSAL_WAIT_S = 3
# Until the suite has removed its files and its mount, after SIGTERM.
GRACE_S = 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal came, or the reader of the output went."""

    def __init__(self, number, reason):
        super().__init__(reason)
        self.number = number


class NotServing(Exception):
    """A probe that failed; `connected`: something listens there; `refused`: it answered, and the answer is no."""

    def __init__(self, message, connected=False, refused=False):
        super().__init__(message)
        self.connected, self.refused = connected, refused


def say(text, fresh_line=False):
    write(1, ("%srunner: %s\n" % ("\n" if fresh_line else "", text)).encode(errors="backslashreplace"))


def write(descriptor, data):
    while data:
        try:
            data = data[os.write(descriptor, data):]
        except BrokenPipeError:
            raise Ended(signal.SIGHUP, "the reader of the output is gone") from None
        except BlockingIOError:
            select.select([], [descriptor], [], 1)


# The server.

def null_call(xid, program, version):
    """Procedure 0 of a program, RFC 5531: a record of one fragment, AUTH_NONE."""
    body = struct.pack(">10I", xid, 0, 2, program, version, 0, 0, 0, 0, 0)
    return struct.pack(">I", 0x80000000 | len(body)) + body


def check_reply(record, xid, program):
    """Raises NotServing unless the record accepts the call."""
    try:
        got_xid, kind, state = struct.unpack_from(">3I", record)
        if (got_xid, kind) != (xid, 1):
            raise NotServing("the answer is no RPC reply", True)
        if state:
            raise NotServing("it denied the call", True, True)
        accepted = struct.unpack_from(">I", record, 16 + (struct.unpack_from(">I", record, 16)[0] + 3) // 4 * 4 + 4)[0]
    except struct.error:
        raise NotServing("the answer is no RPC reply", True) from None
    if accepted == 1:
        raise NotServing("it does not serve %s (PROG_UNAVAIL)" % ("NFS" if program == NFS else "MOUNT"), True, True)
    if accepted:
        raise NotServing(ACCEPT_STATES.get(accepted, "accept_stat %d" % accepted), True, True)


def probe(host, port, program, version, timeout_s):
    """One NULL call over TCP."""
    connected = False
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            connected = True
            connection.settimeout(timeout_s)
            xid = struct.unpack(">I", os.urandom(4))[0]
            connection.sendall(null_call(xid, program, version))
            answer = connection.makefile("rb")
            header = answer.read(4)
            if not header:
                raise NotServing("it closed the connection", True)
            # A last fragment of up to 4095 bytes starts so; everything else is another protocol.
            if len(header) < 4 or header[:3] > b"\x80\x00\x0f" or header[0] != 0x80:
                raise NotServing("the answer is no RPC reply", True)
            check_reply(answer.read(struct.unpack(">I", header)[0] & 0xFFF), xid, program)
    except socket.timeout:
        raise NotServing("no answer" if connected else "connection timed out", connected) from None
    except OSError as error:
        raise NotServing((error.strerror or str(error)).lower(), connected) from None


def wait_for(host, port, program, version, wait_s):
    """Raises NotServing with a message for the user when the deadline has passed."""
    start = time.monotonic()
    name = "%sv%d" % ("NFS" if program == NFS else "MOUNT", version)
    while True:
        left = wait_s - (time.monotonic() - start)
        try:
            return probe(host, port, program, version, max(0.5, min(5, left)))
        except NotServing as problem:
            spent = time.monotonic() - start
            if spent < (min(wait_s, REFUSAL_WAIT_S) if problem.refused else wait_s):
                time.sleep(0.3)
                continue
            if problem.refused:
                message = "server %s:%d does not serve %s: %s" % (host, port, name, problem)
            elif problem.connected:
                message = "server %s:%d accepts connections, but did not answer %s within %g s: %s. Is it an NFS server?" % (host, port, name, wait_s, problem)
            else:
                message = "server %s:%d did not answer within %g s: %s. Is the server running?" % (host, port, wait_s, problem)
            raise NotServing(message) from None


# Mounts.

def mounts_at(point, table="/proc/self/mountinfo"):
    """How many mounts lie over each other at a path; asks the table, because a dead server's mount hangs whoever looks at it."""
    with open(table, errors="surrogateescape") as lines:
        paths = [re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line.split()[4]) for line in lines]
    return paths.count(point)


def as_root(*words):
    command = list(words) if os.geteuid() == 0 else ["sudo", "-n", *words]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stdout.decode(errors="replace").strip() or "exit code %d" % done.returncode


def unmount_leftovers(point, report):
    for _ in range(mounts_at(point)):
        problem = as_root("umount", "-f", "-l", point)
        report("a mount was left at %s: %s" % (point, "unmounted" if problem is None else "could not unmount: " + problem))


# The suite.

class Suite:
    """The suite's process group, and its output on its way."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment, cwd=folder, start_new_session=True)
        self.targets = {self.process.stdout.fileno(): 1, self.process.stderr.fileno(): 2}
        self.line_open = False
        self.poll = select.poll()
        # No events: only that the reader is gone. sshd closes the pipe when the connection is lost, and sends no signal.
        self.poll.register(1, 0)
        for source in self.targets:
            self.poll.register(source, select.POLLIN)

    def relay(self, timeout_s, discard=False):
        """Passes on what is there; waits for something if there is nothing."""
        for source, events in self.poll.poll(timeout_s * 1000):
            if source == 1:
                self.poll.unregister(1)
                if not discard:
                    raise Ended(signal.SIGHUP, "the reader of the output is gone")
                continue
            data = os.read(source, 65536)
            if not data:
                self.poll.unregister(source)
                del self.targets[source]
            elif not discard:
                write(self.targets[source], data)
                self.line_open = not data.endswith(b"\n")

    def wait(self, seconds=None, discard=False):
        """Exit code, or None when the time is over. Ends with the process: a child of it may keep the pipes open for ever."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while self.process.poll() is None:
            if deadline and time.monotonic() > deadline:
                return None
            self.relay(0.2, discard)
        deadline = time.monotonic() + 1
        while self.targets and time.monotonic() < deadline:
            self.relay(0.2, discard)
        return self.process.returncode

    def signal_group(self, number):
        """False where none of it is left."""
        try:
            os.killpg(self.process.pid, number)
        except PermissionError:
            pass
        except ProcessLookupError:
            return False
        return True

    def stop(self):
        """TERM, then KILL; what runs as root (mount, tcpdump) takes root."""
        self.signal_group(signal.SIGTERM)
        self.wait(GRACE_S, discard=True)
        if self.signal_group(signal.SIGKILL):
            self.wait(1, discard=True)
            if self.signal_group(0):
                as_root("kill", "-KILL", "--", "-%d" % self.process.pid)


def parse(argv):
    parser = argparse.ArgumentParser(prog="runner.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite-root", required=True, help="folder of the suite, put first in PYTHONPATH")
    parser.add_argument("--script", default="test/nfstest_posix", help="program of the suite, from its root [%(default)s]")
    parser.add_argument("--host", help="server to wait for; none: no waiting")
    parser.add_argument("--port", type=int, default=2049, help="NFS port [%(default)s]")
    parser.add_argument("--mount-port", type=int, help="MOUNT port, for NFSv3")
    parser.add_argument("--wait", type=float, default=30, metavar="SECONDS", help="how long [%(default)s]")
    parser.add_argument("--mtpoint", help="mount point to keep clean [the suite's --mtpoint]")
    parser.add_argument("--env", action="append", default=[], metavar="KEY=VALUE", help="for the suite's environment; repeatable")
    parser.add_argument("arguments", nargs="*", help="arguments of the script, after --")
    options = parser.parse_args(argv)
    if any("=" not in pair for pair in options.env):
        parser.error("--env wants KEY=VALUE")
    # The suite's own options that concern the runner, with the suite's defaults.
    of_suite = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    of_suite.add_argument("-m", "--mtpoint", default="/mnt/t")
    of_suite.add_argument("--nfsversion", default="4.1")
    seen = of_suite.parse_known_args(options.arguments)[0]
    options.mtpoint = os.path.abspath(options.mtpoint or seen.mtpoint)
    options.version = 3 if seen.nfsversion.startswith("3") else 4
    return options


def environment_for(options):
    environment = dict(os.environ)
    environment["PATH"] = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin"
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [options.suite_root, os.environ.get("PYTHONPATH")]))
    environment.update(pair.split("=", 1) for pair in options.env)
    return environment


def run(options):
    script = os.path.join(options.suite_root, options.script)
    if not os.path.isfile(script):
        say("the suite is missing: no file %s" % script)
        return SUITE_MISSING
    command = [sys.executable or "python3", "-u", script, *options.arguments]
    say("kernel %s, python %s, suite root %s" % (os.uname().release, sys.version.split()[0], options.suite_root))
    say("command: " + " ".join(map(shlex.quote, command)))
    if options.host:
        try:
            wait_for(options.host, options.port, NFS, options.version, options.wait)
            if options.mount_port and options.version == 3:
                wait_for(options.host, options.mount_port, MOUNT, 3, options.wait)
        except NotServing as problem:
            say(problem)
            return SERVER_UNREACHABLE
        say("server %s:%d answers NFSv%d" % (options.host, options.port, options.version))
    unmount_leftovers(options.mtpoint, say)
    folder = tempfile.mkdtemp(prefix="nfstest-runner-")
    suite, report = None, say
    try:
        start = time.monotonic()
        try:
            suite = Suite(command, environment_for(options), folder)
        except OSError as error:
            say("the suite can't be started: %s" % error)
            return SUITE_MISSING
        code = suite.wait()
        ended = "exited with %d" % code if code >= 0 else "was killed by " + signal.Signals(-code).name
        say("suite %s after %.1f s" % (ended, time.monotonic() - start), fresh_line=suite.line_open)
        return code if code >= 0 else 128 - code
    except Ended:
        report = quiet
        raise
    finally:
        ignore_signals()
        if suite:
            suite.stop()
        unmount_leftovers(options.mtpoint, report)
        shutil.rmtree(folder, ignore_errors=True)


def quiet(text):
    """Says it where somebody still listens."""
    try:
        say(text)
    except (Ended, OSError):
        pass


def ignore_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def end(number, _frame):
    ignore_signals()
    raise Ended(number, "ended by " + signal.Signals(number).name)


def main(argv):
    for number in SIGNALS:
        signal.signal(number, end)
    try:
        return run(parse(argv))
    except Ended as ended:
        quiet(str(ended))
        return 128 + ended.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
