"""A run of the suite: mount, testcases one after the other, clean up, totals."""
import os
import shlex
import signal
import sys
import time
import traceback

from . import IDENTITY, cases, files, options as command_line, xunit
from .case import Case
from .mount import Mount, SetupError, entry
from .output import Output, Stopped, counted, kinds_of

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Failed assertions of one group that are shown in full.
SHOWN_FAILURES = 5


class Session:
    def __init__(self, options, output):
        self.options = options
        self.output = output
        self.mount = Mount(options, output)
        # The random end keeps two clients apart that start in the same second.
        self.base = options.basename or "nfstest_posix_%s_%s" % (time.strftime("%Y%m%d_%H%M%S"), os.urandom(2).hex())
        self.root = os.path.join(self.mount.point, options.datadir.strip("/")).rstrip("/")
        self.new_dirs = []
        self.results = []
        self.known_bugs = cases.known_bugs(options.bugmsgs) if options.bugmsgs else []
        self.version = options.nfsversion
        self.granularity = 0.01
        self.case_counts = [0, 0]

    # Results.

    def result(self, name, passed, message, detail):
        label = "PASS" if passed else "FAIL"
        if not passed:
            known = next((info for pattern, info in self.known_bugs if pattern.search(message)), None)
            if known is not None:
                label, message = "BUG", "[%s]: %s" % (known, message) if known else message
        self.results.append((name, message, label, detail if label == "FAIL" else None))
        if self.options.level == 0 and label == "FAIL":
            self.case_counts[1] += 1
        elif self.options.level == 0:
            self.case_counts[0] += 1
        else:
            self.output.result(label, message + ("\n" + detail if detail and not passed else ""))

    def group_result(self, name, message, results):
        if self.options.level != 1:
            for passed, text, detail in results:
                self.result(name, passed, "%s: %s" % (message, text), detail)
            return
        failed = [result for result in results if not result[0]]
        lines = ["%s: %s" % (text, detail) if detail else text for _, text, detail in failed[:SHOWN_FAILURES]]
        if len(failed) > SHOWN_FAILURES:
            lines.append("and %d more" % (len(failed) - SHOWN_FAILURES))
        self.result(name, not failed, "%s %s" % (message, counted(len(results) - len(failed), len(failed))), "\n".join(lines))

    # Setting up.

    def setup(self):
        if os.geteuid() == 0:
            raise SetupError("the suite runs as root, who passes every permission check: "
                             "run it as a user who may use sudo without a password")
        os.umask(0)
        self.mount.mount()
        if not self.options.nomount:
            found = entry(self.mount.point)
            self.output.stamped("info", "MOUNT: %s %s" % (found[0], ",".join(sorted(found[1]))) if found else "MOUNT: none")
            if self.version == "4" and found:
                self.version = next((word[5:] for word in found[1] if word.startswith("vers=")), self.version)
        self.make_root()
        self.measure_clock()

    def make_root(self):
        """The data folder, and whether anything can be written there."""
        probe = os.path.join(self.mount.point, self.base + "_probe")
        try:
            os.mkdir(probe)
        except PermissionError:
            self.output.stamped("dbg2", "No write permission: chmod 0777 %s" % self.mount.point)
            try:
                self.mount.root("chmod", "0777", self.mount.point)
                os.mkdir(probe)
            except (SetupError, OSError) as error:
                raise SetupError("no write permission in the root of the export for uid %d: %s" % (os.geteuid(), error)) from None
        os.rmdir(probe)
        missing, path = [], self.root
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for path in reversed(missing):
            os.mkdir(path, 0o777)
            self.new_dirs.append(path)

    def measure_clock(self):
        """How long the server's clock takes to show a difference; at most a second by what POSIX filesystems do."""
        path = os.path.join(self.root, self.base + "_clock")
        files.close_quietly(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self.new_dirs.append(path)
        longest = 0.0
        for mode in (0o400, 0o600, 0o400):
            os.chmod(path, mode)
            start, first = time.monotonic(), os.stat(path).st_ctime_ns
            while time.monotonic() - start < 1.1:
                time.sleep(0.002)
                os.chmod(path, mode)
                if os.stat(path).st_ctime_ns != first:
                    break
            longest = max(longest, time.monotonic() - start)
            if longest > 0.5:
                break
        self.granularity = min(1.1, max(0.01, longest * 1.5))
        self.output.stamped("dbg2", "Server's clock shows a difference after %.3f s" % longest)

    def tick(self):
        time.sleep(self.granularity)

    def make_dir(self, name):
        path = os.path.join(self.root, "%s_%s" % (self.base, name))
        os.mkdir(path, 0o755)
        self.new_dirs.append(path)
        return path

    # Running.

    def run(self):
        for name in self.options.selected:
            self.run_case(cases.TESTCASES[name])

    def run_case(self, testcase):
        title = "Verify POSIX API %s() on NFSv%s" % (testcase.name, self.version)
        if self.options.level:
            self.output.header(title)
        self.output.plain("TEST: Running test '%s'" % testcase.name)
        self.case_counts = [0, 0]
        home, case = os.getcwd(), None
        try:
            case = Case(testcase.name, self)
            testcase.function(case)
        except Exception:
            self.result(testcase.name, False, traceback.format_exc(), None)
        finally:
            os.chdir(home)
            os.umask(0)
        try:
            if case:
                case.finish()
                self.remove_last()
        except OSError as error:
            # Not counted: the testcase is over. A server that can't remove fails rmdir and unlink anyway.
            self.output.labelled("WARN", "%s: could not clean up: %s" % (testcase.name, error))
        if self.options.level == 0:
            passed, failed = self.case_counts
            self.output.result("FAIL" if failed else "PASS", "%s %s" % (title, counted(passed, failed)))
        self.output.lap()

    # Ending.

    def remove_last(self):
        if self.options.nocleanup:
            return
        path = self.new_dirs.pop()
        if os.path.isdir(path) and not os.path.islink(path) and os.path.basename(path).startswith(self.base):
            files.remove_tree(path)
        elif os.path.isdir(path):
            os.rmdir(path)
        else:
            os.unlink(path)

    def cleanup(self):
        os.chdir("/")
        while self.new_dirs and not self.options.nocleanup:
            try:
                self.remove_last()
            except OSError as error:
                self.output.labelled("WARN", "could not clean up: %s" % error)
        error = self.mount.unmount()
        if error:
            self.output.labelled("WARN", "could not unmount: %s" % error)


def stop(number, _frame):
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(128 + number, "ended by " + signal.Signals(number).name)


def print_header(argv, options, output):
    output.stamped("opts", " ".join(shlex.quote(word) for word in argv))
    for line in command_line.listing(options):
        output.stamped("opts", line)
    if options.tag:
        output.stamped("info", "TAG: " + options.tag)
    output.stamped("info", "SUITE: " + IDENTITY)
    output.stamped("info", "SYSTEM: " + " ".join(os.uname()))


def run_session(options, output, argv):
    for number in SIGNALS:
        signal.signal(number, stop)
    session = Session(options, output)
    code = None
    try:
        print_header(argv, options, output)
        session.setup()
        session.run()
    except Stopped as stopped:
        code = stopped.code
        reason = stopped
    except Exception:
        session.options.level = session.options.level or 1
        session.result("setup", False, traceback.format_exc(), None)
        output.lap()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if code is not None:
        # Whoever reads may be gone.
        output.stream = output.stream if code != 129 else None
        output.labelled("WARN", "the suite was stopped: %s" % reason)
    try:
        session.cleanup()
        if options.xunit_report or options.xunit_report_file:
            xunit.write(options.xunit_report_file or os.path.join(options.tmpdir, session.base + ".xml"), session.results)
        output.totals()
    except Stopped as stopped:
        output.stream = None
        session.cleanup()
        code = code or stopped.code
    return code if code is not None else 1 if output.counts["FAIL"] else 0


def main(argv):
    options = command_line.parse(argv[1:], [(case.name, case.summary) for case in cases.TESTCASES.values()])
    if options.list__tests:
        print("\n".join(list(cases.TESTCASES) + ["all"]))
        return 0
    if options.list__options:
        print("\n".join("--" + name for _, entries in command_line.GROUPS for name, *_ in entries))
        return 0
    try:
        kinds = kinds_of(options.verbose)
    except ValueError as error:
        print("nfstest_posix: error: %s" % error, file=sys.stderr)
        return 2
    # Names under test are not ASCII, and the locale may be.
    sys.stdout.reconfigure(errors="backslashreplace")
    colours = (options.isatty or sys.stdout.isatty()) and not options.notty
    output = Output(sys.stdout, colours, kinds, not options.notimestamps, options.warnings)
    if options.createlog:
        name = options.basename or "nfstest_posix_%s" % time.strftime("%Y%m%d_%H%M%S")
        output.log = open(os.path.join(options.tmpdir, name + ".log"), "w", errors="backslashreplace")
    return run_session(options, output, argv)
