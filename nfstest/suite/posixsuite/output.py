"""The printed report, line by line in the format of NFStest, and its counts."""
import re
import sys
import time

MARGIN = "    "
# Continuation lines stand under the text of their line.
HANGING = "\n          "
COLOURS = {"PASS": "\033[32m", "FAIL": "\033[1;31m", "WARN": "\033[33m", "BUG": "\033[33m", "HEAD": "\033[1m", "INFO": "\033[34m"}
PLAIN = "\033[0m"
KINDS = ("opts", "info") + tuple("dbg%d" % n for n in range(1, 8))


class Stopped(BaseException):
    """The suite was asked to end, by a signal or because nobody reads its output any more."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


def kinds_of(text):
    """The set of line kinds that `--verbose` asks for; numbers are a mask as in NFStest, kept simple: n means all up to dbg<n>."""
    kinds = set()
    for word in re.split(r"[|,\s]+", text.strip().lower()):
        if word in KINDS:
            kinds.add(word)
        elif word == "all":
            kinds.update(KINDS)
        elif word.isdigit():
            kinds.update(KINDS[:2 + min(int(word), 7)])
        elif word not in ("", "none"):
            raise ValueError("Invalid verbose level <%s>" % text)
    return kinds


def duration(seconds):
    """`[[1h]2m]3.456789s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return ("%dh" % hours if hours else "") + ("%dm" % minutes if minutes or hours else "") + "%fs" % rest


def counted(passed, failed, bugs=0):
    return "(%d passed, %d failed%s)" % (passed, failed, ", %d known bugs" % bugs if bugs else "")


class Output:
    """Prints lines and counts results. `stream` is a text stream; everything is flushed at once, a reader follows it live."""

    def __init__(self, stream=None, colours=False, kinds=frozenset(KINDS), timestamps=True, warnings=False, log=None):
        self.stream = stream or sys.stdout
        self.colours = colours
        self.kinds = kinds
        self.timestamps = timestamps
        self.warnings = warnings
        self.log = log
        self.counts = {"PASS": 0, "FAIL": 0, "BUG": 0}
        self.mark = self.started = time.monotonic()

    def write(self, text, coloured=None):
        for stream, content in ((self.log, text), (self.stream, coloured if self.colours and coloured else text)):
            if stream is None:
                continue
            try:
                stream.write(content + "\n")
                stream.flush()
            except BrokenPipeError:
                # 129 is what a hangup (SIGHUP) would give.
                raise Stopped(129, "the reader of the output is gone") from None

    def header(self, text):
        self.write("\n*** " + text, "\n%s*** %s%s" % (COLOURS["HEAD"], text, PLAIN))

    def plain(self, text):
        self.write(MARGIN + text)

    def labelled(self, label, text):
        text = text.rstrip().replace("\n", HANGING)
        self.write("%s%s: %s" % (MARGIN, label, text), "%s%s%s%s: %s" % (MARGIN, COLOURS[label], label, PLAIN, text))

    def result(self, label, text):
        """A line PASS, FAIL or BUG; each counts as one."""
        self.counts[label] += 1
        self.labelled(label, text)

    def warning(self, text):
        if self.warnings:
            self.labelled("WARN", text)

    def stamped(self, kind, text):
        """A line OPTS, INFO or DBGn, if wanted."""
        if kind in self.kinds:
            clock = time.time()
            stamp = "%s.%06d - " % (time.strftime("%H:%M:%S", time.localtime(clock)), clock % 1 * 1e6) if self.timestamps else ""
            self.write("%s%s: %s%s" % (MARGIN, kind.upper(), stamp, text))

    def lap(self):
        """The line TIME: since the last one."""
        now = time.monotonic()
        self.plain("TIME: " + duration(now - self.mark))
        self.mark = now

    def totals(self):
        passed, failed, bugs = self.counts["PASS"], self.counts["FAIL"], self.counts["BUG"]
        self.write("\n%d tests %s" % (passed + failed + bugs, counted(passed, failed, bugs)))
        self.write("\nTotal time: " + duration(time.monotonic() - self.started))
