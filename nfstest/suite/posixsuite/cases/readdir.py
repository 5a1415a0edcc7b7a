import os
from collections import Counter

from .. import files
from ..libc import DirStream

COUNT = 1010
# POSIX leaves it to the filesystem whether these are listed.
DOTS = {".", ".."}
DT_UNKNOWN, DT_DIR, DT_REG, DT_LNK = 0, 4, 8, 10
NAMES = ("blank in the middle", " blank first", "-dash", "...", "tab\there", "quote'\"", "back\\slash", "star*?[x]", "umlaut-\u00e4\u00f6\u00fc",
         "\u65e5\u672c\u8a9e", "UPPER", "upper", "x" * 255)


def entries(path):
    with DirStream(path) as stream:
        found = []
        while True:
            entry = stream.read()
            if entry is None:
                return found
            found.append(entry)


def readdir(t):
    """Listing directories, small ones and big ones: every entry exactly once."""
    t.info("Small directory")
    folder = t.folder()
    t.ok({entry.name for entry in entries(folder)} <= DOTS, "empty directory should have no entry but . and ..")
    os.mknod(folder + "/file", 0o644)
    os.mkdir(folder + "/folder")
    os.symlink("missing", folder + "/link")
    found = {entry.name: entry for entry in entries(folder)}
    t.equal(sorted(set(found) - DOTS), ["file", "folder", "link"], "file, directory and dangling symbolic link should be listed")
    for name, kind in (("file", DT_REG), ("folder", DT_DIR), ("link", DT_LNK), (".", DT_DIR), ("..", DT_DIR)):
        if name in DOTS and name not in found:
            continue
        t.ok(found[name].type in (kind, DT_UNKNOWN), "d_type of %s should be right" % name, "got %d" % found[name].type)
        t.equal(found[name].inode, os.lstat(os.path.join(folder, name)).st_ino, "d_ino of %s should be its st_ino" % name)
    os.unlink(folder + "/file")
    os.rename(folder + "/link", folder + "/renamed")
    t.equal(sorted(os.listdir(folder)), ["folder", "renamed"], "removed and renamed entries should be listed as they are")

    t.info("Names")
    folder = t.folder()
    limit = os.statvfs(folder).f_namemax
    names = [name for name in NAMES if len(name.encode()) <= limit]
    files.fill(folder, names)
    with t.group("names should be listed as they were given") as group:
        listed = os.listdir(folder)
        for name in names:
            group.equal(listed.count(name), 1, repr(name))
        group.equal(len(listed), len(names), "no other names")

    t.info("Directory of %d files" % COUNT)
    folder = t.folder()
    names = ["entry-number-%04d" % number for number in range(COUNT)]
    files.fill(folder, names)
    expected = Counter(names)
    for again in ("first", "second"):
        found = entries(folder)
        counts = Counter(entry.name for entry in found)
        t.ok(max(counts[name] for name in DOTS) <= 1, "%s listing: . and .. should come once at most" % again)
        for name in DOTS:
            del counts[name]
        t.equal(sorted((expected - counts).elements()), [], "%s listing: no entry should be missing" % again)
        t.equal(sorted((counts - expected).elements()), [], "%s listing: no entry should come twice or from nowhere" % again)
    t.equal(len({entry.inode for entry in found if entry.name not in DOTS}), COUNT, "every file should have a d_ino of its own")

    removed = 0
    with DirStream(folder) as stream:
        while True:
            entry = stream.read()
            if entry is None:
                break
            if entry.name not in DOTS:
                os.unlink(entry.name, dir_fd=stream.fileno())
                removed += 1
    t.equal(removed, COUNT, "removing each entry while the directory is read should miss none")
    t.equal(os.listdir(folder), [], "directory should be empty afterwards")
    t.works("directory should be removable afterwards", os.rmdir, folder)
