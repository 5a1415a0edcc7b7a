"""The testcases, in the order they run: NFStest's."""
import re

from . import access, chdir, chmod, close, creat, dirstream, fcntl, link, lseek, mkdir, mmap, opening, read
from . import readdir, readlink, rename, rmdir, stat, statvfs, symlink, sync, unlink, write


class Testcase:
    """summary: one line for `--help`."""

    def __init__(self, name, function):
        self.name = name
        self.function = function
        self.summary = " ".join(function.__doc__.split())


TESTCASES = {
    name: Testcase(name, function)
    for name, function in (
        ("access", access.access),
        ("chdir", chdir.chdir),
        ("close", close.close),
        ("closedir", dirstream.closedir),
        ("creat", creat.creat),
        ("fcntl", fcntl.fcntl),
        ("fdatasync", sync.fdatasync),
        ("fstat", stat.fstat),
        ("fstatvfs", statvfs.fstatvfs),
        ("fsync", sync.fsync),
        ("link", link.link),
        ("lseek", lseek.lseek),
        ("lstat", stat.lstat),
        ("mkdir", mkdir.mkdir),
        ("mmap", mmap.mmap),
        ("munmap", mmap.munmap),
        ("opendir", dirstream.opendir),
        ("read", read.read),
        ("readdir", readdir.readdir),
        ("readlink", readlink.readlink),
        ("rename", rename.rename),
        ("rewinddir", dirstream.rewinddir),
        ("rmdir", rmdir.rmdir),
        ("seekdir", dirstream.seekdir),
        ("stat", stat.stat),
        ("statvfs", statvfs.statvfs),
        ("symlink", symlink.symlink),
        ("sync", sync.sync),
        ("telldir", dirstream.telldir),
        ("unlink", unlink.unlink),
        ("write", write.write),
        ("open", opening.open_),
        ("chmod", chmod.chmod),
    )
}


def known_bugs(path):
    """[(regular expression, remark)] of a --bugmsgs file: lines `expression` or `[remark]: expression`, `#` comments."""
    found = []
    with open(path) as lines:
        for line in map(str.strip, lines):
            if line and not line.startswith("#"):
                remark, expression = re.match(r"(?:\[([^\]]*)\]:?\s+)?(.*)", line).groups()
                found.append((re.compile(expression), remark or ""))
    return found
