"""Mounting and unmounting, through sudo."""
import os
import re
import subprocess
import time


class SetupError(Exception):
    """The tests can't start; the message says why."""


class Mount:
    """One NFS mount at options.mtpoint. With --nomount nothing is ever mounted."""

    def __init__(self, options, output):
        self.options = options
        self.output = output
        self.point = os.path.abspath(options.mtpoint)
        self.created = False
        self.mounted = False

    def root(self, *words):
        """Runs a command as root; raises SetupError with what it printed."""
        sudo = self.options.sudo
        prefix = [] if not sudo or os.geteuid() == 0 else [sudo] + (["-n"] if os.path.basename(sudo) in ("sudo", "doas") else [])
        environment = dict(os.environ, PATH=os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin", LC_ALL="C")
        try:
            done = subprocess.run(prefix + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=environment, universal_newlines=True, errors="replace")
        except OSError as error:
            raise SetupError("can't run %s: %s" % (" ".join(prefix + list(words)), error)) from None
        if done.returncode:
            said = " ".join(done.stdout.split()) or "exit code %d" % done.returncode
            raise SetupError("%s: %s" % (" ".join(words), said))

    def arguments(self):
        options = self.options
        words = ["vers=" + options.nfsversion]
        if options.port != 2049:
            words.append("port=%d" % options.port)
        words += ["proto=" + options.proto, "sec=" + options.sec]
        if options.mtopts:
            words.append(options.mtopts)
        if options.nconnect > 1:
            words.append("nconnect=%d" % options.nconnect)
        # Tests compare attributes before and after an operation: cached ones would be wrong by design.
        if "actimeo" not in options.mtopts:
            words.append("actimeo=0")
        host = "[%s]" % options.server if ":" in options.server else options.server
        export = options.export.rstrip("/") or "/"
        return ["mount", "-t", "nfs", "-o", ",".join(words), "%s:%s" % (host, export), self.point]

    def prepare_point(self):
        if os.path.isdir(self.point):
            return
        if os.path.lexists(self.point):
            raise SetupError("mount point %s is not a directory" % self.point)
        if self.options.nomount:
            raise SetupError("%s does not exist" % self.point)
        try:
            os.makedirs(self.point)
        except PermissionError:
            self.root("mkdir", "-p", self.point)
        self.created = True

    def mount(self):
        # A mount whose server is gone hangs whoever looks at it: first away with leftovers, then look.
        while not self.options.nomount and entry(self.point):
            self.output.stamped("dbg2", "Unmount what was left at %s" % self.point)
            self.root("umount", "-f", "-l", self.point)
        self.prepare_point()
        if self.options.nomount:
            return
        words = self.arguments()
        self.output.stamped("dbg2", "Mount volume: " + " ".join(words))
        self.root(*words)
        self.mounted = True

    def unmount(self):
        """Never raises: it is the last thing that happens. Returns an error message or None."""
        error = None
        if self.mounted:
            self.output.stamped("dbg2", "Unmount volume: umount " + self.point)
            for words in (["umount"],) * 4 + (["umount", "-f", "-l"],):
                try:
                    self.root(*words, self.point)
                    self.mounted, error = False, None
                    break
                except SetupError as problem:
                    error = str(problem)
                    time.sleep(0.25)
        if self.created and not self.mounted:
            try:
                os.rmdir(self.point)
            except OSError:
                try:
                    self.root("rmdir", self.point)
                except SetupError as problem:
                    error = error or str(problem)
        return error


def entry(point, table="/proc/self/mountinfo"):
    """(filesystem type, set of options) of what is mounted at a path, or None. Reads no mounted filesystem."""
    found = None
    try:
        with open(table, errors="surrogateescape") as lines:
            for line in lines:
                fields = line.split()
                path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
                if path == point:
                    dash = fields.index("-")
                    found = (fields[dash + 1], set(fields[5].split(",") + fields[dash + 3].split(",")))
    except OSError:
        pass
    return found
