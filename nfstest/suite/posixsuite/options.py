"""Command line: the options of NFStest's nfstest_posix, so that both suites are called alike."""
import argparse
import os
import re

from . import VERSION

# (name, short name or None, default or bool for a flag, help). IGNORED: accepted, but without effect here.
IGNORED = "accepted for compatibility, has no effect"
GROUPS = (
    ("NFS specific options", (
        ("server", "s", "", "server name or IP address"),
        ("export", "e", "/", "exported filesystem to mount"),
        ("nfsversion", None, "4.1", "NFS version: 3, 4, 4.0, 4.1, 4.2"),
        ("mtpoint", "m", "/mnt/t", "mount point, created if missing"),
        ("port", "p", 2049, "NFS port of the server"),
        ("proto", None, "tcp", "transport: tcp, udp, tcp6, rdma"),
        ("sec", None, "sys", "security flavor"),
        ("nconnect", None, 1, "number of TCP connections"),
        ("mtopts", "o", "hard,rsize=4096,wsize=4096", "more mount options; vers, port, proto and sec are added by the suite"),
        ("datadir", None, "", "folder below the mount point for the files of the tests, created if missing"),
    )),
    ("Logging options", (
        ("verbose", "v", "opts|info|dbg1|dbg2|dbg3", "what to print: opts, info, dbg1 to dbg7, all, none; joined by |"),
        ("tverbose", None, "1", "0 or group: a line per testcase; 1 or normal: a line per assertion or group; 2 or verbose: groups in full"),
        ("createlog", None, False, "write the output to <tmpdir>/<basename>.log too"),
        ("rexeclog", None, False, IGNORED),
        ("warnings", None, False, "print warnings"),
        ("tag", None, "", "printed in the header as an INFO line"),
        ("notty", None, False, "no colours"),
        ("isatty", None, False, "colours even if the output is no terminal"),
    )),
    ("Packet trace options", (
        ("createtraces", None, False, IGNORED), ("tbsize", None, "192k", IGNORED), ("trcdelay", None, "2.0", IGNORED),
        ("keeptraces", None, False, IGNORED), ("rmtraces", None, False, IGNORED), ("interface", "i", None, IGNORED),
    )),
    ("File options", (
        ("nfiles", None, 2, "number of files for tests that want several"),
        ("filesize", None, "64k", "size of test files"),
        ("rsize", None, "4k", "bytes per read"),
        ("wsize", None, "4k", "bytes per write"),
        ("iodelay", None, "0.1", IGNORED), ("offset-delta", None, "4k", IGNORED),
    )),
    ("Path options", (
        ("sudo", None, "sudo", "command that runs mount, umount and chmod as root"),
        ("kill", None, "/usr/bin/kill", IGNORED), ("nfsstat", None, "nfsstat", IGNORED), ("tcpdump", None, "tcpdump", IGNORED),
        ("iptables", None, "/usr/sbin/iptables", IGNORED), ("messages", None, "/var/log/messages", IGNORED),
        ("trcevents", None, "/sys/kernel/debug/tracing/events", IGNORED),
        ("trcpipe", None, "/sys/kernel/debug/tracing/trace_pipe", IGNORED),
        ("tmpdir", None, "/tmp", "folder for logs and reports, and a filesystem other than the mount"),
    )),
    ("Debug options", (
        ("nocleanup", None, False, "leave the files of the tests where they are"),
        ("notimestamps", None, False, "no times in OPTS, INFO and DBG lines"),
        ("bugmsgs", None, None, "file with a regular expression per line: an assertion that fails and matches is a known bug"),
        ("nomount", None, False, "mount nothing, test the folder given with --mtpoint as it is"),
        ("basename", None, "", "first part of the names of files and logs"),
        ("nfsdebug", None, "", IGNORED), ("rpcdebug", None, "", IGNORED), ("tracepoints", None, "", IGNORED),
        ("nfsstats", None, False, IGNORED), ("pktdisp", None, False, IGNORED), ("nfserrors", None, False, IGNORED),
        ("client-ipaddr", None, None, IGNORED),
    )),
    ("Reporting options", (
        ("xunit-report", None, False, "write a report in xUnit's XML"),
        ("xunit-report-file", None, None, "its path"),
    )),
    ("Test options", (("runtest", None, "all", "testcases, separated by commas; after a leading '^': all but these"),)),
)
# The section of an options file that is ours; files are shared by several test programs.
SECTION = "POSIX"


class UsageError(Exception):
    """What was asked for can't be; the message is for the user."""


def build_parser(testcases):
    """testcases: [(name, one-line description)] in the suite's order."""
    width = max(len(name) for name, _ in testcases)
    listing = "\n".join("  %-*s  %s" % (width, name, text) for name, text in testcases)
    parser = argparse.ArgumentParser(
        prog="nfstest_posix", usage="%(prog)s --server <server> [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="POSIX filesystem tests for NFS servers (the suite bundled with nfstest-tui).\n"
        "Runs as a user that is not root and may use sudo without a password.",
        epilog="testcases, in the order they run:\n%s" % listing)
    parser.add_argument("--version", action="version", version="%%(prog)s %s" % VERSION)
    parser.add_argument("-f", "--file", default="", help="file with options, after /etc/nfstest, ~/.nfstest and ./.nfstest")
    parser.add_argument("--list--tests", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--list--options", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help=argparse.SUPPRESS)
    for title, entries in GROUPS:
        group = parser.add_argument_group(title)
        for name, short, default, text in entries:
            flags = (["-" + short] if short else []) + ["--" + name]
            if default is False:
                group.add_argument(*flags, action="store_true", help=text)
            else:
                shown = "" if default in (None, "") else " [default: %s]" % default
                group.add_argument(*flags, default=default, type=int if isinstance(default, int) else str,
                                   metavar="VALUE", help=text + shown)
    return parser


def file_arguments(text):
    """Arguments in an options file: `name = value` or `name` per line; `NAME {` to `}` is for the program NAME only."""
    arguments, section, inner = [], None, 0
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line in ("}", "]"):
            if section is None:
                raise UsageError("closing brace without an opening one")
            if inner:
                inner -= 1
            else:
                section = None
            continue
        name, value = re.match(r"([^=\s]+)\s*=?\s*(.*)", line).groups()
        if value in ("{", "["):
            if section is None:
                section = name
            else:
                inner += 1
        elif inner == 0 and section in (None, SECTION):
            arguments.append("--%s=%s" % (name, value) if value else "--" + name)
    if section is not None:
        raise UsageError("closing brace is missing")
    return arguments


def parse(argv, testcases):
    """Options of a command line (argv without the program). Exits with 2 on a usage error, like every argparse program."""
    parser = build_parser(testcases)
    options = parser.parse_args(argv)
    arguments = []
    standard = ["/etc/nfstest", os.path.expanduser("~/.nfstest"), ".nfstest"]
    for path in list(dict.fromkeys(os.path.abspath(p) for p in standard)) + ([options.file] if options.file else []):
        if path != options.file and not os.path.isfile(path):
            continue
        try:
            with open(path) as stream:
                arguments += file_arguments(stream.read())
        except (OSError, UsageError) as error:
            parser.error("options file %s: %s" % (path, error))
    if arguments:
        options = parser.parse_args(arguments + argv)
    if options.names:
        options.runtest = ",".join(name.strip(",") for name in options.names)
    if options.list__tests or options.list__options:
        return options
    try:
        check(options)
        options.selected = select(options.runtest, [name for name, _ in testcases])
    except UsageError as error:
        parser.error(str(error))
    return options


def check(options):
    """Replaces sizes and levels by numbers."""
    if not options.server and not options.nomount:
        raise UsageError("server option is required")
    if not re.fullmatch(r"3|4(\.[0-2])?", options.nfsversion):
        raise UsageError("invalid NFS version '%s': 3, 4, 4.0, 4.1 or 4.2" % options.nfsversion)
    if "/" in options.basename:
        raise UsageError("--basename can't contain a slash")
    for name in ("filesize", "rsize", "wsize"):
        setattr(options, name + "_bytes", size_in_bytes(getattr(options, name)))
    levels = {"0": 0, "group": 0, "1": 1, "normal": 1, "2": 2, "verbose": 2}
    if options.tverbose not in levels:
        raise UsageError("invalid --tverbose '%s': 0, 1 or 2" % options.tverbose)
    options.level = levels[options.tverbose]


def size_in_bytes(text):
    match = re.fullmatch(r"(\d+)([kmg]?)b?", text.strip().lower())
    if not match or int(match[1]) == 0:
        raise UsageError("invalid size '%s', for example 64k" % text)
    return int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]]


def select(text, names):
    """Names of the testcases to run, in the suite's order."""
    exclude = text.startswith("^")
    words = [word.strip() for word in text.lstrip("^").split(",") if word.strip()]
    unknown = [word for word in words if word not in names and word != "all"]
    if unknown or not words:
        raise UsageError("invalid value given --runtest=%s%s" % (text, ": no testcase " + ", ".join(unknown) if unknown else ""))
    chosen = set(names) if "all" in words else set(words)
    selected = [name for name in names if (name in chosen) != exclude]
    if not selected:
        raise UsageError("--runtest=%s leaves no testcase" % text)
    return selected


def listing(options):
    """Lines `name = value` for the header."""
    hidden = {"names", "list__tests", "list__options", "selected", "level", "filesize_bytes", "rsize_bytes", "wsize_bytes"}
    pairs = sorted((name.replace("_", "-"), value) for name, value in vars(options).items() if name not in hidden)
    return ["%s = %s" % pair for pair in pairs]
