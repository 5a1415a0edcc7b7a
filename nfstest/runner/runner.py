#!/usr/bin/env python3
"""Runs a test suite in the NFS client: waits for the server, runs the suite, leaves no mount behind.

    runner.py --suite-root DIR [options] -- <arguments of the suite's script>

    --suite-root DIR   folder of the suite, put first in PYTHONPATH
    --script PATH      program of the suite, from its root [test/nfstest_posix]
    --one-processor    keep the suite on one processor
    --no-site          the script needs no packages of the system: python3 -S
    --host ADDRESS     server to wait for; none: no waiting
    --port PORT        NFS port [2049]
    --mount-port PORT  MOUNT port, for NFSv3
    --wait SECONDS     how long [30]
    --mtpoint DIR      mount point to keep clean [the suite's --mtpoint]
    --env KEY=VALUE    for the suite's environment; repeatable
    --output PATH      a port for all output, where it can be opened; standard output then only tells whether the reader is there
    --output-mark TEXT written after all output, and before it where the port is open

The exit code is the suite's, or 128+n where signal n ended it or the runner. The runner's own are:
    2   wrong usage
    72  the server can't be reached, or what answers is not NFS in the wanted version
    73  the suite or Python is missing
    255 the suite has ended, its code is not known
Its own lines start with `runner: `; all others are the suite's, as they are.
"""
# A module that is imported costs an emulated client up to 0.1 s of every call, so that here are few of them. Of signal it is the half in C: the
# other makes enums of all constants. No getopt, re, shlex, subprocess either.
import _signal
import os
import select
import sys
import time

from server_probe import NotServing, wait_for

SERVER_UNREACHABLE, SUITE_MISSING = 72, 73
CODE_UNKNOWN = 255
# errno would be one more import.
EBUSY = 16
# Until the suite has removed its files and its mount, after SIGTERM.
GRACE_S = 10
SIGNALS = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
# Where the loss of the reader shows.
POLL_OUTPUT = [1]
SAFE_IN_SHELL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_")


class Ended(BaseException):
    """A signal came, or the reader of the output went; args: number of the signal, reason."""


def say(text, fresh_line=False):
    tell("%srunner: %s\n" % ("\n" if fresh_line else "", text))


def tell(text):
    try:
        write(1, text.encode(errors="backslashreplace"))
    except Ended:
        # Suite.wait notices it too, and ends the run.
        pass


def quote(word):
    """For a shell, as shlex does it."""
    return word if word and set(word) <= SAFE_IN_SHELL else "'%s'" % word.replace("'", "'\"'\"'")


def signal_name(number):
    names = [name for name in dir(_signal) if name.startswith("SIG") and name[3:4].isalpha() and getattr(_signal, name) == number]
    return names[0] if names else "signal %d" % number


def write(descriptor, data):
    try:
        while data:
            if reader_gone(POLL_OUTPUT):
                raise BrokenPipeError
            data = data[os.write(descriptor, data):]
    except (BrokenPipeError, BlockingIOError):
        raise Ended(_signal.SIGHUP, "the reader of the output is gone") from None


def reader_gone(descriptors):
    """Whether one of them has lost its other end. A write to a port that nobody reads would wait for ever."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, 0)
    return bool(poll.poll(0))


def holders(path, proc="/proc"):
    """Other processes of this user that have a file open."""
    real = os.path.realpath(path)
    for pid in filter(str.isdigit, os.listdir(proc)):
        if int(pid) == os.getpid():
            continue
        folder = "%s/%s/fd/" % (proc, pid)
        try:
            if any(os.readlink(folder + name) == real for name in os.listdir(folder)):
                yield int(pid)
        except OSError:
            # It is gone, or somebody else's.
            pass


def open_port(path):
    """None where it can't be. Who was left by a runner that was killed waits in a write to it, and would go on when it is read again."""
    for _ in range(10):
        try:
            return os.open(path, os.O_WRONLY)
        except OSError as error:
            if error.errno != EBUSY:
                break
            for pid in holders(path):
                try:
                    os.kill(pid, _signal.SIGKILL)
                except OSError:
                    # It has ended meanwhile.
                    pass
            time.sleep(0.1)
    return None


def redirect(path, mark):
    """Moves all output to a port. What was standard output is kept: it is closed when the connection is lost."""
    port = open_port(path)
    if port is None:
        return
    poll = select.poll()
    poll.register(port, select.POLLOUT)
    # The kernel hears a moment later than we that somebody is connected at the other end.
    deadline = time.monotonic() + 1
    while any(events & select.POLLHUP for _, events in poll.poll(0)):
        if time.monotonic() > deadline:
            os.close(port)
            return
        time.sleep(0.01)
    POLL_OUTPUT.append(os.dup(1))
    for descriptor in (1, 2):
        os.dup2(port, descriptor)
    os.close(port)
    tell(mark)


def let_go():
    """From now on nobody waits in a write to a port that is not read: what does not fit is lost."""
    if len(POLL_OUTPUT) > 1:
        os.set_blocking(1, False)


def mounts_at(point, table="/proc/self/mountinfo"):
    """How many mounts lie over each other at a path. Reads the table only: looking at a dead server's mount would hang."""
    # As the kernel writes it (proc_pid_mountinfo(5)); the backslash first.
    for character, code in (("\\", "134"), (" ", "040"), ("\t", "011"), ("\n", "012")):
        point = point.replace(character, "\\" + code)
    with open(table, errors="surrogateescape") as lines:
        return [line.split()[4] for line in lines].count(point)


def as_root(*words):
    """None, or what went wrong."""
    import subprocess
    command = list(words) if os.geteuid() == 0 else ["sudo", "-n", *words]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stdout.decode(errors="replace").strip() or "exit code %d" % done.returncode


def unmount_leftovers(point):
    for _ in range(mounts_at(point)):
        problem = as_root("umount", "-f", "-l", point)
        say("a mount was left at %s: %s" % (point, "could not unmount: " + problem if problem else "unmounted"))


class Suite:
    """The suite's process group. Its output goes to our own: passing each line on would take an emulated client longer than many a testcase."""

    def __init__(self, command, environment):
        self.code = None
        self.pid = os.posix_spawn(
            command[0], command, environment, setsid=True, file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
            # Python ignores these, which would be handed on; and our own signals wait while it starts.
            setsigdef=[_signal.SIGPIPE, _signal.SIGXFSZ], setsigmask=[])
        try:
            self.pidfd = os.pidfd_open(self.pid)
        except OSError:
            os.kill(self.pid, _signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise

    def wait(self):
        """Exit code, -n where signal n ended it. Ends with the process: a child of it may keep the output open for ever."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        # No events: only that the reader is gone. sshd closes the pipe when the connection is lost, and sends no signal.
        for descriptor in POLL_OUTPUT:
            poll.register(descriptor, 0)
        if any(descriptor in POLL_OUTPUT for descriptor, _ in poll.poll()) and not self.ended(0):
            raise Ended(_signal.SIGHUP, "the reader of the output is gone")
        self.ended(None)
        return self.code

    def ended(self, seconds):
        """Whether it has; waits for it, without an end where seconds is None."""
        if self.code is None:
            poll = select.poll()
            poll.register(self.pidfd, select.POLLIN)
            if poll.poll(seconds and seconds * 1000):
                try:
                    self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                except ChildProcessError:
                    # A signal came when it was reaped and its code not yet noted.
                    self.code = CODE_UNKNOWN
        return self.code is not None

    def signal_group(self, number):
        """False where none of it is left."""
        try:
            os.killpg(self.pid, number)
        except PermissionError:
            pass
        except ProcessLookupError:
            return False
        return True

    def stop(self):
        """TERM, then KILL; what runs as root (mount, tcpdump) takes root."""
        self.signal_group(_signal.SIGTERM)
        self.ended(GRACE_S)
        if self.signal_group(_signal.SIGKILL):
            self.ended(1)
            if self.signal_group(0):
                as_root("kill", "-KILL", "--", "-%d" % self.pid)


class Options:
    """What was asked for, with the defaults."""
    suite_root = host = mount_port = mtpoint = output = None
    output_mark = ""
    script, one_processor, no_site, port, wait = "test/nfstest_posix", False, False, 2049, 30.0

    def __init__(self):
        self.env = []
        self.arguments = []


# How a flag's value is read; None: it takes none.
FLAGS = {"suite-root": os.path.abspath, "script": str, "one-processor": None, "no-site": None, "host": str, "port": int, "mount-port": int, "wait": float, "mtpoint": str, "env": str,
         "output": str, "output-mark": str}


def parse(argv):
    """Exits with 2 where the usage is wrong."""
    options, words = Options(), list(argv)
    try:
        while words:
            word = words.pop(0)
            if word == "--":
                options.arguments = words
                break
            if word in ("-h", "--help"):
                print(__doc__, end="")
                sys.exit()
            flag, equals, value = word[2:].partition("=")
            if not word.startswith("--") or flag not in FLAGS:
                raise ValueError("unknown option %s" % word)
            kind = FLAGS[flag]
            if kind is None and equals:
                raise ValueError("--%s takes no value" % flag)
            if kind and not equals:
                if not words:
                    raise ValueError("--%s wants a value" % flag)
                value = words.pop(0)
            if flag == "env":
                if "=" not in value:
                    raise ValueError("--env wants KEY=VALUE")
                options.env.append(value)
            else:
                setattr(options, flag.replace("-", "_"), kind(value) if kind else True)
        if options.suite_root is None:
            raise ValueError("--suite-root is missing")
    except ValueError as problem:
        print("runner: %s; see --help" % problem, file=sys.stderr)
        sys.exit(2)
    # The suite's own options that concern the runner, with the suite's defaults.
    mtpoint = of_suite(options.arguments, "/mnt/t", "-m", "--mtpoint")
    options.mtpoint = os.path.abspath(options.mtpoint or mtpoint)
    options.version = 3 if of_suite(options.arguments, "4.1", "--nfsversion").startswith("3") else 4
    return options


def of_suite(arguments, default, *flags):
    """The last value of one of the suite's options: `--flag value` or `--flag=value`."""
    found = default
    for position, word in enumerate(arguments):
        flag, equals, value = word.partition("=")
        if flag in flags:
            found = value if equals else (arguments[position + 1:] or [default])[0]
    return found


def environment_for(options, inherited):
    environment = dict(inherited, PATH=inherited.get("PATH", "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [options.suite_root, inherited.get("PYTHONPATH")]))
    environment.update(pair.split("=", 1) for pair in options.env)
    return environment


def stay_on_one_processor():
    """On the last one: interrupts come to the first. A process that changes between emulated processors takes a suite a tenth of its time."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(options):
    script = os.path.join(options.suite_root, options.script)
    if not os.path.isfile(script):
        say("the suite is missing: no file %s" % script)
        return SUITE_MISSING
    command = [sys.executable or "/usr/bin/python3", *(["-S"] if options.no_site else []), "-u", script, *options.arguments]
    say("kernel %s, python %s, suite root %s" % (os.uname().release, sys.version.split()[0], options.suite_root))
    say("command: " + " ".join(map(quote, command)))
    if options.host:
        try:
            wait_for(options.host, options.port, "NFS", options.version, options.wait)
            if options.mount_port and options.version == 3:
                wait_for(options.host, options.mount_port, "MOUNT", 3, options.wait)
        except NotServing as problem:
            say(problem)
            return SERVER_UNREACHABLE
        say("server %s:%d answers NFSv%d" % (options.host, options.port, options.version))
    unmount_leftovers(options.mtpoint)
    if options.one_processor:
        stay_on_one_processor()
    folder = "/tmp/nfstest-runner-%d" % os.getpid()
    suite, start = None, time.monotonic()
    try:
        make_empty(folder)
        os.chdir(folder)
        # A signal while it starts would leave it running: nobody would know of it yet.
        _signal.pthread_sigmask(_signal.SIG_BLOCK, SIGNALS)
        try:
            suite = Suite(command, environment_for(options, os.environ))
        finally:
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, SIGNALS)
        code = suite.wait()
        ended = "exited with %d" % code if code >= 0 else "was killed by " + signal_name(-code)
        # One that ended as it should has ended its last line, too.
        say("suite %s after %.1f s" % (ended, time.monotonic() - start), fresh_line=code != 0)
        return code if code >= 0 else 128 - code
    except OSError as error:
        say("the suite can't be started: %s" % error)
        return SUITE_MISSING
    except Ended:
        let_go()
        raise
    finally:
        ignore_signals()
        if suite:
            suite.stop()
        unmount_leftovers(options.mtpoint)
        remove(folder)


def make_empty(folder):
    """For files that the suite leaves where it runs."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        # A runner that was killed has left it.
        remove(folder)
        os.mkdir(folder, 0o700)


def remove(folder):
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        import shutil
        shutil.rmtree(folder, ignore_errors=True)


def ignore_signals():
    for number in SIGNALS:
        _signal.signal(number, _signal.SIG_IGN)


def end(number, _frame):
    ignore_signals()
    raise Ended(number, "ended by " + signal_name(number))


def main(argv):
    for number in SIGNALS:
        _signal.signal(number, end)
    # Where it is ignored, a child's exit code is lost.
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    options = None
    try:
        options = parse(argv)
        if options.output:
            redirect(options.output, options.output_mark)
        return run(options)
    except Ended as ended:
        number, reason = ended.args
        say(reason)
        return 128 + number
    finally:
        if options and options.output_mark:
            tell(options.output_mark)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
