"""What a testcase gets: assertions, and a folder of its own on the filesystem under test."""
import contextlib
import errno
import os
import traceback

from . import files, libc


def name_of(number):
    return errno.errorcode.get(number, str(number))


def shown(value):
    text = repr(value)
    return text if len(text) <= 120 else "%s... (%d characters)" % (text[:100], len(text))


class Outcome:
    """What a call gave: either a value or an errno."""

    def __init__(self, function, arguments, keywords):
        self.value = self.errno = None
        try:
            self.value = function(*arguments, **keywords)
        except OSError as error:
            if error.errno is None:
                raise
            self.errno = error.errno

    def __str__(self):
        return name_of(self.errno) if self.errno else "success"


class Asserts:
    """The assertions; what becomes of them is up to `record(passed, message, detail)`."""

    def record(self, passed, message, detail):
        raise NotImplementedError

    def ok(self, condition, message, detail=None):
        self.record(bool(condition), message, detail)
        return bool(condition)

    def equal(self, actual, expected, message):
        return self.ok(actual == expected, message, "got %s, expected %s" % (shown(actual), shown(expected)))

    def works(self, message, function, *arguments, **keywords):
        """The call must succeed. Returns its value, None where it failed."""
        outcome = Outcome(function, arguments, keywords)
        self.ok(outcome.errno is None, message, "got %s, expected success" % outcome)
        return outcome.value

    def fails(self, expected, message, function, *arguments, **keywords):
        """The call must fail with an errno, or one of several."""
        allowed = expected if isinstance(expected, (tuple, list, set)) else (expected,)
        outcome = Outcome(function, arguments, keywords)
        wanted = " or ".join(name_of(number) for number in allowed)
        self.ok(outcome.errno in allowed, "%s (%s)" % (message, wanted), "got %s, expected %s" % (outcome, wanted))
        if outcome.errno is None:
            # A file that stays open could not be removed on NFS, and would spoil what follows.
            if function in (os.open, libc.creat):
                os.close(outcome.value)
            elif function is libc.DirStream:
                outcome.value.close()


class Group(Asserts):
    """Many assertions of one kind: one line with counts."""

    def __init__(self):
        self.results = []

    def record(self, passed, message, detail):
        self.results.append((passed, message, detail))


class Case(Asserts):
    """One testcase while it runs."""

    def __init__(self, name, session):
        self.name = name
        self.session = session
        self.options = session.options
        self.dir = session.make_dir(name)
        self.serial = 0
        self.clean_ups = []

    def record(self, passed, message, detail):
        self.session.result(self.name, passed, "%s - %s" % (self.name, message), detail)

    @contextlib.contextmanager
    def group(self, message):
        group = Group()
        try:
            yield group
        finally:
            self.session.group_result(self.name, "%s - %s" % (self.name, message), group.results)

    def info(self, text):
        """A heading over the next assertions."""
        self.session.output.plain(text)

    def debug(self, text):
        self.session.output.stamped("dbg3", text)

    def later(self, function, *arguments):
        """Runs at the end of the testcase, last one first."""
        self.clean_ups.append((function, arguments))

    def path(self, name=None):
        """Path of something that does not exist yet, in the testcase's folder."""
        self.serial += 1
        return os.path.join(self.dir, name or "f%03d" % self.serial)

    def prepared(self, what, function, *arguments):
        """A path, made by function(path, *arguments). Where that fails, the assertions that need it still run: each says its part."""
        path = self.path()
        outcome = Outcome(function, (path, *arguments), {})
        if outcome.errno:
            self.record(False, "preparation: %s should be made" % what, "got %s, expected success" % outcome)
        return path

    def file(self, data=b"data", mode=0o644):
        """A new file with this content, written and closed; returns its path. A number: so many bytes of the pattern."""
        return self.prepared("file", files.make_file, files.pattern(data) if isinstance(data, int) else data, mode)

    def folder(self, mode=0o755):
        return self.prepared("directory", files.make_folder, mode)

    def symlink(self, target):
        return self.prepared("symbolic link", lambda path: os.symlink(target, path))

    def loop(self):
        """Path of a symbolic link that leads to itself."""
        return self.prepared("symbolic link to itself", lambda path: os.symlink(os.path.basename(path), path))

    def part(self, function, *arguments):
        """A part of the testcase: an unexpected error ends only this part."""
        try:
            function(self, *arguments)
        except Exception:
            self.session.result(self.name, False, traceback.format_exc(), None)

    def long_name(self, more=1):
        """Path whose last part is so many bytes longer than the filesystem allows."""
        return os.path.join(self.dir, "n" * (os.statvfs(self.dir).f_namemax + more))

    def open(self, path, flags, mode=0o644):
        """Descriptor that is closed at the end of the testcase at the latest."""
        descriptor = os.open(path, flags, mode)
        self.later(files.close_quietly, descriptor)
        return descriptor

    def aged(self, path):
        """Sets atime and mtime back; a later update is then plain to see. Returns the stat afterwards."""
        os.utime(path, ns=(files.LONG_AGO_NS, files.LONG_AGO_NS), follow_symlinks=False)
        return os.lstat(path)

    def tick(self):
        """Waits until the server's clock can show a difference."""
        self.session.tick()

    @contextlib.contextmanager
    def touches(self, path, what, mtime=True, ctime=True):
        """What happens inside must update mtime and ctime of a path; `what` is its name in messages."""
        before = self.aged(path)
        self.tick()
        yield
        after = os.lstat(path)
        if mtime:
            self.ok(files.renewed(before.st_mtime_ns, after.st_mtime_ns), "%s st_mtime should be updated" % what,
                    "before %d, after %d" % (before.st_mtime_ns, after.st_mtime_ns))
        if ctime:
            self.ok(files.renewed(before.st_ctime_ns, after.st_ctime_ns), "%s st_ctime should be updated" % what,
                    "before %d, after %d" % (before.st_ctime_ns, after.st_ctime_ns))

    def finish(self):
        while self.clean_ups:
            function, arguments = self.clean_ups.pop()
            function(*arguments)
