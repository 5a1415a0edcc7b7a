"""Fast tests of the harness; no root, no mount."""
import contextlib
import errno
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from . import cases, files, libc, options
from .case import Group
from .mount import Mount, entry
from .output import Output, duration, kinds_of
from .session import Session

NAMES = [(case.name, case.summary) for case in cases.TESTCASES.values()]
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "test", "nfstest_posix")


def parsed(*words):
    return options.parse(["--server", "h", *words], NAMES)


class Options(unittest.TestCase):
    def test_selection_keeps_the_suites_order(self):
        self.assertEqual(parsed("--runtest", "write,open,access").selected, ["access", "write", "open"])
        self.assertEqual(len(parsed().selected), 33)
        self.assertEqual(len(parsed("--runtest", "^open,chmod").selected), 31)
        self.assertEqual(parsed("read", "stat").selected, ["read", "stat"])

    def test_usage_errors(self):
        for words in (["--runtest", "opne"], ["--runtest", "^all"], ["--runtest", ""], ["--nfsversion", "5"], ["--filesize", "0"],
                      ["--port", "x"], ["--unknown"], ["--tverbose", "9"]):
            with self.assertRaises(SystemExit) as caught, contextlib.redirect_stderr(io.StringIO()) as text:
                parsed(*words)
            self.assertEqual(caught.exception.code, 2)
            self.assertRegex(text.getvalue(), "(?m)^nfstest_posix: error: ")

    def test_options_files(self):
        text = "# all\nport = 4000\nnotty\nLOCK {\n  port = 1\n}\nPOSIX {\n  export = /e\n  open {\n   x = 1\n  }\n}\n"
        self.assertEqual(options.file_arguments(text), ["--port=4000", "--notty", "--export=/e"])
        with self.assertRaises(options.UsageError):
            options.file_arguments("POSIX {\n")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            seen = parsed("-f", file.name, "--export", "/wins")
        self.assertEqual((seen.port, seen.export, seen.notty), (4000, "/wins", True))

    def test_sizes(self):
        self.assertEqual([options.size_in_bytes(text) for text in ("7", "4k", "1M")], [7, 4096, 1 << 20])


class Format(unittest.TestCase):
    def session(self, *words, colours=False):
        self.text = io.StringIO()
        return Session(parsed("--nomount", *words), Output(self.text, colours, kinds_of("opts|info"), timestamps=False))

    def test_lines(self):
        session = self.session()
        session.result("open", True, "open - works", "unused")
        session.result("open", False, "open - fails (ENOENT)", "got success, expected ENOENT")
        session.group_result("open", "open - many", [(True, "a", None), (False, "b", "got 1")])
        session.output.totals()
        self.assertEqual(re.sub(r"\d\.\d+s", "[...]", self.text.getvalue()), """\
    PASS: open - works
    FAIL: open - fails (ENOENT)
          got success, expected ENOENT
    FAIL: open - many (1 passed, 1 failed)
          b: got 1

3 tests (1 passed, 2 failed)

Total time: [...]
""")

    def test_known_bugs_do_not_fail(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("# remark\n[issue 7]: open - .*ENOENT\n")
            file.flush()
            session = self.session("--bugmsgs", file.name)
        session.result("open", False, "open - x (ENOENT)", "detail")
        self.assertEqual(self.text.getvalue(), "    BUG: [issue 7]: open - x (ENOENT)\n          detail\n")
        self.assertEqual(session.output.counts, {"PASS": 0, "FAIL": 0, "BUG": 1})

    def test_colours(self):
        self.session(colours=True).result("open", True, "m", None)
        self.assertEqual(self.text.getvalue(), "    \033[32mPASS\033[0m: m\n")

    def test_durations_and_kinds(self):
        self.assertEqual([duration(s) for s in (1.5, 98.954653, 3725)], ["1.500000s", "1m38.954653s", "1h2m5.000000s"])
        self.assertEqual(kinds_of("opts|info|dbg1"), {"opts", "info", "dbg1"})
        self.assertEqual(kinds_of("none"), set())
        with self.assertRaises(ValueError):
            kinds_of("loud")


class Asserting(unittest.TestCase):
    def test_every_assertion_can_fail(self):
        group = Group()
        group.equal(1, 2, "equal")
        group.works("works", os.stat, "/missing")
        group.fails(errno.ENOENT, "fails: success", os.stat, "/")
        group.fails(errno.ENOENT, "fails: another errno", os.listdir, "/dev/null")
        group.ok(None, "ok")
        self.assertEqual([passed for passed, _, _ in group.results], [False] * 5)
        self.assertEqual(group.results[3][2], "got ENOTDIR, expected ENOENT")

    def test_patterns(self):
        self.assertEqual(files.pattern(50, 13), files.pattern(100)[13:63])
        self.assertIsNone(files.difference(b"ab", b"ab"))
        self.assertIn("offset 1:", files.difference(b"ab", b"ac"))
        self.assertEqual(files.difference(b"a", b"ab"), "got 1 bytes, expected 2")

    def test_times(self):
        self.assertFalse(files.renewed(5, 5))
        self.assertTrue(files.renewed(files.LONG_AGO_NS, time.time_ns()))
        self.assertFalse(files.renewed(time.time_ns(), files.LONG_AGO_NS))

    def test_memory(self):
        address = libc.mmap(16384, 3, 0x22, -1)
        libc.poke(address + 100, b"x" * 9000)
        self.assertEqual(libc.peek(address + 99, 9003), b"\0" + b"x" * 9000 + b"\0\0")
        libc.munmap(address, 16384)
        with self.assertRaisesRegex(OSError, "Bad address"):
            libc.peek(address, 1)

    def test_directory_streams(self):
        with tempfile.TemporaryDirectory() as folder:
            files.fill(folder, ["a", "b\u00e4"])
            with libc.DirStream(folder) as stream:
                self.assertEqual(sorted(stream.names()), [".", "..", "a", "b\u00e4"])
            with self.assertRaises(FileNotFoundError):
                libc.DirStream(folder + "/none")


class Mounting(unittest.TestCase):
    def test_command(self):
        words = Mount(parsed("-p", "4000", "-e", "/x/", "--nfsversion", "3", "-o", "hard", "-m", "/m"), None).arguments()
        self.assertEqual(words, ["mount", "-t", "nfs", "-o", "vers=3,port=4000,proto=tcp,sec=sys,hard,actimeo=0", "h:/x", "/m"])
        words = Mount(parsed("-s", "::1", "-o", "soft,actimeo=3", "--nconnect", "2"), None).arguments()
        self.assertEqual(words[4:6], ["vers=4.1,proto=tcp,sec=sys,soft,actimeo=3,nconnect=2", "[::1]:/"])

    def test_mount_table(self):
        with tempfile.NamedTemporaryFile("w") as table:
            table.write("36 35 0:44 / /m\\040x rw,relatime shared:1 - nfs4 h:/ rw,vers=4.2\n")
            table.flush()
            self.assertEqual(entry("/m x", table.name), ("nfs4", {"rw", "relatime", "vers=4.2"}))
            self.assertIsNone(entry("/m", table.name))


class Program(unittest.TestCase):
    """The program itself, on a local folder; as root only what does not need another user."""

    def run_program(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, PROGRAM, "--nomount", "--mtpoint", folder, "--notty", *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)
            return done.returncode, done.stdout, os.listdir(folder)

    def test_lists(self):
        self.assertEqual(self.run_program("--list--tests")[:2], (0, "\n".join([name for name, _ in NAMES] + ["all"]) + "\n"))

    @unittest.skipIf(os.geteuid() == 0, "root is refused")
    def test_a_testcase(self):
        code, text, left = self.run_program("--runtest", "readlink,close")
        self.assertEqual((code, left), (0, []), text)
        self.assertRegex(text, r"\n\n\*\*\* Verify POSIX API close\(\) on NFSv4.1\n    TEST: Running test 'close'\n    PASS: close - ")
        self.assertRegex(text, r"\n    TIME: [\d.]+s\n\n(\d+) tests \(\1 passed, 0 failed\)\n\nTotal time: ")

    @unittest.skipIf(os.geteuid() != 0, "for root")
    def test_root_is_refused(self):
        code, text, left = self.run_program()
        self.assertEqual((code, left), (1, []))
        self.assertRegex(text, r"    FAIL: Traceback(.|\n)*SetupError: the suite runs as root(.|\n)*1 tests \(0 passed, 1 failed\)")

    @unittest.skipIf(os.geteuid() == 0, "root is refused")
    def test_signals_clean_up(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with tempfile.TemporaryDirectory() as folder:
                process = subprocess.Popen([sys.executable, "-u", PROGRAM, "--nomount", "--mtpoint", folder],
                                           stdout=subprocess.PIPE, universal_newlines=True)
                for line in process.stdout:
                    if "Running test 'chdir'" in line:
                        process.send_signal(number)
                        break
                process.stdout.read()
                process.stdout.close()
                self.assertEqual((process.wait(30), os.listdir(folder)), (128 + number, []))


if __name__ == "__main__":
    unittest.main()
