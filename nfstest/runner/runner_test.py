"""Fast tests of the runner; no root, no network but 127.0.0.1. `python3 -m unittest runner_test` in this folder."""
import contextlib
import io
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

import runner

HERE = os.path.dirname(os.path.abspath(__file__))


class Parts(unittest.TestCase):
    def test_options_of_the_suite_are_seen(self):
        options = runner.parse(["--suite-root", "/s", "--", "--server", "x", "--nfsversion=3", "-m", "/mnt/a/", "--mtopts", "hard"])
        self.assertEqual((options.mtpoint, options.version), ("/mnt/a", 3))
        self.assertEqual(options.arguments[:2], ["--server", "x"])
        options = runner.parse(["--suite-root", "/s", "--mtpoint", "/mnt/b", "--", "--mtpoint", "/mnt/a"])
        self.assertEqual((options.mtpoint, options.version), ("/mnt/b", 4))

    def test_environment(self):
        options = runner.parse(["--suite-root", "/s", "--env", "A=b=c", "--"])
        environment = runner.environment_for(options, {"PATH": "/bin", "PYTHONPATH": "/p"})
        self.assertEqual(environment, {"PATH": "/bin:/usr/sbin:/sbin", "PYTHONPATH": "/s:/p", "A": "b=c"})

    def test_options_that_are_wrong(self):
        for words, problem in (
            (["--", "x"], "--suite-root is missing"), (["--suite-root"], "--suite-root wants a value"), (["--no-site=1"], "--no-site takes no value"),
            (["--sute-root", "/s"], "unknown option --sute-root"), (["--port", "x"], "invalid literal"), (["--env", "A"], "--env wants KEY=VALUE"),
        ):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()) as err:
                runner.parse(words)
            self.assertEqual(ended.exception.code, 2)
            self.assertIn(problem, err.getvalue())

    def test_quote(self):
        for word in ("", "a", "a b", "it's", "$(x)", "--a=b,c:/d", "a\nb", "ü"):
            self.assertEqual(shlex.split(runner.quote(word)), [word])
        self.assertEqual(runner.quote("--a=b,c:/d"), "--a=b,c:/d")

    def test_mounts_at(self):
        with tempfile.NamedTemporaryFile("w") as table:
            table.write("21 1 0:19 / /mnt/a\\040b rw - nfs4 h:/ rw\n22 1 0:20 / /mnt/a\\040b rw - nfs h:/ rw\n23 1 0:21 / / rw - ext4 x rw\n24 1 0:22 / /a\\134040 rw - ext4 x rw\n")
            table.flush()
            self.assertEqual([runner.mounts_at(path, table.name) for path in ("/mnt/a b", "/", "/mnt", "/a\\040")], [2, 1, 0, 1])

    def test_a_folder_that_a_killed_runner_left(self):
        with tempfile.TemporaryDirectory() as root:
            folder = root + "/runner"
            for _ in range(2):
                runner.make_empty(folder)
                self.assertEqual(os.listdir(folder), [])
                open(folder + "/left", "w").close()


class Port(unittest.TestCase):
    def test_one_that_nobody_reads_is_not_written_to(self):
        # A socket whose other end is closed says what a port says: POLLHUP.
        near, far = socket.socketpair()
        far.close()
        with unittest.mock.patch.object(runner.os, "open", return_value=near.detach()), unittest.mock.patch.object(runner.os, "dup2") as dup2:
            runner.redirect("/dev/port", "MARK")
        dup2.assert_not_called()
        self.assertEqual(runner.POLL_OUTPUT, [1])


    def test_who_was_left_with_it_is_killed(self):
        with tempfile.NamedTemporaryFile() as port:
            left = subprocess.Popen(["sleep", "60"], stdout=port)
            opened = os.open

            def busy_until_it_ends(path, flags):
                if left.poll() is None:
                    raise OSError(runner.EBUSY, "busy")
                return opened(path, flags)

            gone = subprocess.Popen(["true"])
            gone.wait()
            with unittest.mock.patch.object(runner.os, "open", busy_until_it_ends), \
                    unittest.mock.patch.object(runner, "holders", lambda path, real=runner.holders: [gone.pid, *real(path)]):
                os.close(runner.open_port(port.name))
            self.assertEqual(left.returncode, -signal.SIGKILL)


class Child(unittest.TestCase):
    """What hardly ever happens between a child and its parent."""

    def suite(self, code="import time; time.sleep(60)"):
        return runner.Suite([sys.executable, "-S", "-c", code], dict(os.environ))

    def test_a_code_that_was_lost_is_no_pass(self):
        suite = self.suite("")
        os.waitpid(suite.pid, 0)
        self.assertTrue(suite.ended(None))
        self.assertEqual(suite.code, runner.CODE_UNKNOWN)
        suite.stop()

    def test_one_that_cannot_be_watched_does_not_stay(self):
        pids = []

        def refuse(pid):
            pids.append(pid)
            raise OSError(24, "too many open files")
        with unittest.mock.patch.object(os, "pidfd_open", refuse), self.assertRaises(OSError):
            self.suite()
        with self.assertRaises(ProcessLookupError):
            os.kill(pids[0], 0)

    def test_a_signal_while_it_starts_ends_it(self):
        pids = []
        open_pidfd = os.pidfd_open

        def open_and_interrupt(pid):
            pids.append(pid)
            os.kill(os.getpid(), signal.SIGTERM)
            return open_pidfd(pid)
        handlers = {number: signal.getsignal(number) for number in (*runner.SIGNALS, signal.SIGCHLD)}
        directory = os.getcwd()
        self.addCleanup(os.chdir, directory)
        for number, handler in handlers.items():
            self.addCleanup(signal.signal, number, handler)
        with tempfile.TemporaryDirectory() as root, unittest.mock.patch.object(os, "pidfd_open", open_and_interrupt), unittest.mock.patch.object(runner, "say") as say:
            os.mkdir(root + "/test")
            with open(root + "/test/nfstest_posix", "w") as script:
                script.write("import time; time.sleep(60)")
            self.assertEqual(runner.main(["--suite-root", root, "--", "-m", root + "/mnt"]), 128 + signal.SIGTERM)
        say.assert_called_with("ended by SIGTERM")
        with self.assertRaises(ProcessLookupError):
            os.kill(pids[0], 0)

    def test_signals_are_named(self):
        self.assertEqual([runner.signal_name(number) for number in (9, 15, 40)], ["SIGKILL", "SIGTERM", "signal 40"])

    def test_the_suite_has_no_signal_blocked(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, runner.SIGNALS)
        try:
            suite = self.suite("import sys; sys.exit('SigBlk:\\t0000000000000000' not in open('/proc/self/status').read())")
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, runner.SIGNALS)
        suite.wait()
        self.assertEqual(suite.code, 0)


class Process(unittest.TestCase):
    """The program as it is called."""

    def start(self, code, *options):
        root = tempfile.TemporaryDirectory()
        self.addCleanup(root.cleanup)
        os.mkdir(root.name + "/test")
        with open(root.name + "/test/nfstest_posix", "w") as script:
            script.write(code)
        command = [sys.executable, HERE + "/runner.py", "--suite-root", root.name, *options, "--", "-m", root.name + "/mnt", "a b"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)

    def finished(self, code, *options):
        process = self.start(code, *options)
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err

    def test_output_and_code_pass_through(self):
        code, out, err = self.finished("import sys\nprint(sys.argv[3])\nsys.stderr.write('oops')\nsys.stdout.write('open line')\nsys.exit(7)")
        self.assertEqual((code, err), (7, "oops"))
        self.assertRegex(out, r"(?s)^runner: kernel .*runner: command: .* 'a b'\na b\nopen line\nrunner: suite exited with 7 after \d+\.\d s\n$")

    def test_no_site(self):
        code = "import sys\nsys.exit(40 + ('site' in sys.modules))"
        self.assertEqual([self.finished(code, *options)[0] for options in ([], ["--no-site"])], [41, 40])

    @unittest.skipIf(os.cpu_count() == 1, "there is one only")
    def test_one_processor(self):
        code = "import os, sys; sys.exit(len(os.sched_getaffinity(0)))"
        everywhere = len(os.sched_getaffinity(0))
        self.assertEqual([self.finished(code, *options)[0] for options in ([], ["--one-processor"])], [everywhere, 1])

    def test_what_the_suite_leaves_in_its_folder_goes(self):
        code, out, _ = self.finished("import os\nopen('left', 'w').close()\nprint('in', os.getcwd())")
        self.assertEqual(code, 0)
        folder = next(line[3:] for line in out.splitlines() if line.startswith("in "))
        self.assertIn("/nfstest-runner-", folder)
        self.assertFalse(os.path.exists(folder))

    def test_death_by_signal(self):
        code, out, _ = self.finished("import os\nos.kill(os.getpid(), 9)")
        self.assertEqual(code, 137)
        self.assertIn("runner: suite was killed by SIGKILL after", out)

    def test_missing_suite(self):
        code, out, _ = self.finished("", "--script", "test/none")
        self.assertEqual(code, 73)
        self.assertIn("runner: the suite is missing", out)

    def test_unreachable_server(self):
        code, out, _ = self.finished("", "--host", "127.0.0.1", "--port", "1", "--wait", "0.1")
        self.assertEqual(code, 72)
        self.assertIn("Is the server running?", out)

    def port(self):
        """Stands for the virtio port: a pipe with a name; opened for both, so that the runner finds a reader."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = folder.name + "/port"
        os.mkfifo(path)
        return path, os.open(path, os.O_RDWR)

    def test_output_to_a_port(self):
        path, reader = self.port()
        code, out, err = self.finished("import os\nprint('a', flush=True)\nos.write(2, b'oops')", "--output", path, "--output-mark", "MARK")
        written = os.read(reader, 65536).decode()
        os.close(reader)
        self.assertEqual((code, out, err), (0, "", ""))
        self.assertRegex(written, r"(?s)^MARKrunner: kernel .*\na\noopsrunner: suite exited with 0 after \d+\.\d s\nMARK$")

    def test_a_port_that_cannot_be_opened(self):
        code, out, _ = self.finished("print('a')", "--output", "/no/such/port", "--output-mark", "MARK")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?s)\na\nrunner: suite exited .*\nMARK$")

    def test_a_connection_that_is_lost_ends_a_suite_that_writes_to_a_port(self):
        path, reader = self.port()
        process = self.start(self.waiting, "--output", path, "--output-mark", "MARK")
        text = b""
        while b"pid " not in text or not text.endswith(b"\n"):
            text += os.read(reader, 65536)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=20), 129)
        process.stderr.close()
        self.assert_gone(int(text.split(b"pid ")[1]))
        os.close(reader)

    def test_a_suite_that_waits_in_a_write_to_a_port_can_be_stopped(self):
        path, reader = self.port()
        code = "import os, signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(3))\nprint('pid', os.getpid(), flush=True)\nos.write(1, b'x' * 10**7)"
        process = self.start(code, "--output", path, "--output-mark", "MARK")
        text = b""
        while b"xxx" not in text:
            text += os.read(reader, 65536)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        os.close(reader)
        self.assertEqual(process.returncode, 143)
        self.assertLess(time.monotonic() - start, runner.GRACE_S)
        self.assert_gone(int(text.split(b"pid ")[1].split()[0]))

    def test_a_child_that_stays_is_not_waited_for(self):
        start = time.monotonic()
        code, _, _ = self.finished("import subprocess\nsubprocess.Popen(['sleep', '60'])")
        self.assertEqual(code, 0)
        self.assertLess(time.monotonic() - start, 10)

    def suite_pid(self, process):
        for line in process.stdout:
            if line.startswith("pid "):
                return int(line[4:])
        self.fail("no pid")

    def assert_gone(self, pid):
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    waiting = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(60)"

    def test_signals_end_the_suite(self):
        for number in runner.SIGNALS:
            process = self.start(self.waiting)
            pid = self.suite_pid(process)
            process.send_signal(number)
            out, _ = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 128 + number)
            self.assertIn("runner: ended by " + signal.Signals(number).name, out)
            self.assert_gone(pid)

    def test_lost_reader_ends_the_suite(self):
        process = self.start(self.waiting)
        pid = self.suite_pid(process)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=20), 129)
        process.stderr.close()
        self.assert_gone(pid)


if __name__ == "__main__":
    unittest.main()
