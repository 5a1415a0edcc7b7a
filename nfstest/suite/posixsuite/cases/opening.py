"""open: combinations of flags on new and existing files, and on symbolic links."""
import errno
import itertools
import os
from stat import S_IMODE

from .. import files

CONTENT = b"existing content"
MODES = ((os.O_RDONLY, "O_RDONLY"), (os.O_WRONLY, "O_WRONLY"), (os.O_RDWR, "O_RDWR"))
FLAGS = ((os.O_CREAT, "O_CREAT"), (os.O_EXCL, "O_EXCL"), (os.O_TRUNC, "O_TRUNC"), (os.O_APPEND, "O_APPEND"), (os.O_SYNC, "O_SYNC"))


def combinations():
    """(flags, name) of every combination that POSIX defines."""
    for access, name in MODES:
        for chosen in itertools.product((False, True), repeat=len(FLAGS)):
            picked = [flag for flag, wanted in zip(FLAGS, chosen) if wanted]
            value = access
            for flag, _ in picked:
                value |= flag
            undefined = value & os.O_EXCL and not value & os.O_CREAT or value & os.O_TRUNC and access == os.O_RDONLY
            if not undefined:
                yield value, "|".join([name] + [label for _, label in picked])


def open_(t):
    """Combinations of open flags on new, existing and linked files; modes, times and errors."""
    # Relative names for the many: without attribute caching every directory of a path costs calls.
    home = os.getcwd()
    os.chdir(t.dir)
    t.part(new)
    t.part(existing, "existing file", lambda path: path)
    t.part(existing, "symbolic link", lambda path: os.path.basename(t.symlink(path)))
    os.chdir(home)
    for part in (creating, refusals, special):
        t.part(part)


def new(t):
    with t.group("new file: made with O_CREAT, else ENOENT") as made, t.group("new file: mode should be right") as modes, \
            t.group("new file: reading and writing as the access mode says") as usable:
        for flags, name in combinations():
            path = os.path.basename(t.path())
            if flags & os.O_CREAT:
                descriptor = made.works(name, os.open, path, flags, 0o640)
                modes.equal(oct(S_IMODE(os.stat(path).st_mode)), oct(0o640), name)
                use(usable, descriptor, path, flags, name, b"")
                os.unlink(path)
            else:
                made.fails(errno.ENOENT, name, os.open, path, flags, 0o640)


def existing(t, what, name_for):
    path = os.path.basename(t.file(CONTENT, mode=0o660))
    name_to_open = name_for(path)
    with t.group("%s: opened, but EEXIST with O_CREAT|O_EXCL" % what) as opened, \
            t.group("%s: mode should stay" % what) as modes, t.group("%s: truncated with O_TRUNC only" % what) as sizes, \
            t.group("%s: reading and writing as the access mode says" % what) as usable:
        for flags, name in combinations():
            if flags & os.O_EXCL:
                opened.fails(errno.EEXIST, name, os.open, name_to_open, flags, 0o600)
                continue
            descriptor = opened.works(name, os.open, name_to_open, flags, 0o600)
            before = b"" if flags & os.O_TRUNC else CONTENT
            modes.equal(oct(S_IMODE(os.stat(path).st_mode)), oct(0o660), name)
            sizes.equal(os.stat(path).st_size, len(before), name)
            use(usable, descriptor, path, flags, name, before)
            rewrite(path)


def rewrite(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(descriptor, CONTENT)
    os.close(descriptor)


def use(group, descriptor, path, flags, name, before):
    """Reads and writes as the flags allow, and closes."""
    access = flags & os.O_ACCMODE
    if access == os.O_WRONLY:
        group.fails(errno.EBADF, name + ": read", os.read, descriptor, 100)
    else:
        group.equal(os.read(descriptor, 100), before, name + ": read")
    if access == os.O_RDONLY:
        group.fails(errno.EBADF, name + ": write", os.write, descriptor, b"NEW")
        after = before
    else:
        os.lseek(descriptor, 0, os.SEEK_SET)
        group.equal(os.write(descriptor, b"NEW"), 3, name + ": write")
        after = before + b"NEW" if flags & os.O_APPEND else b"NEW" + before[3:]
    os.close(descriptor)
    group.equal(files.read_file(path), after, name + ": content afterwards")


def creating(t):
    t.info("Creating")
    with t.group("every permission is kept in the mode") as group:
        for mode in [1 << bit for bit in range(9)] + [0o000, 0o777, 0o644, 0o600, 0o444, 0o555]:
            path = t.path()
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, mode))
            group.equal(oct(S_IMODE(os.stat(path).st_mode)), oct(mode), "mode 0%03o" % mode)
    os.umask(0o027)
    path = t.path()
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o777))
    os.umask(0)
    t.equal(oct(S_IMODE(os.stat(path).st_mode)), oct(0o750), "umask should be taken from the mode")
    path = t.path()
    descriptor = t.works("new file whose mode forbids writing can be opened for writing", os.open, path, os.O_CREAT | os.O_RDWR, 0o000)
    t.equal(t.works("and written", os.write, descriptor, b"data"), 4, "and writing it returns the count")
    os.close(descriptor)
    t.equal(os.stat(path).st_size, 4, "and what was written is there")
    parent = t.folder()
    with t.touches(parent, "parent directory of a new file"):
        os.close(os.open(parent + "/new", os.O_CREAT | os.O_WRONLY, 0o644))
    before = t.aged(parent)
    t.tick()
    os.close(os.open(parent + "/new", os.O_CREAT | os.O_WRONLY, 0o644))
    t.equal(os.stat(parent).st_mtime_ns, before.st_mtime_ns, "O_CREAT of an existing file should leave its parent's st_mtime")
    with t.touches(parent + "/new", "file truncated with O_TRUNC"):
        os.write(descriptor := os.open(parent + "/new", os.O_RDWR), b"data")
        os.close(descriptor)
        os.close(os.open(parent + "/new", os.O_WRONLY | os.O_TRUNC))
    target = t.path()
    os.close(t.works("O_CREAT through a dangling symbolic link should succeed", os.open, t.symlink(target), os.O_CREAT | os.O_WRONLY, 0o644))
    t.ok(os.path.isfile(target), "target of the dangling link should be made")
    dangling = t.symlink(t.path())
    t.fails(errno.EEXIST, "O_CREAT|O_EXCL of a dangling symbolic link", os.open, dangling, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    t.ok(not os.path.exists(dangling), "O_EXCL should not make the target")


def refusals(t):
    t.info("Errors")
    path, folder = t.file(), t.folder()
    create = os.O_CREAT | os.O_WRONLY
    t.fails(errno.ENOENT, "empty path", os.open, "", os.O_RDONLY)
    t.fails(errno.ENOENT, "missing parent", os.open, t.path() + "/x", create)
    t.fails(errno.ENOTDIR, "file in the place of a directory", os.open, path + "/x", os.O_RDONLY)
    t.fails(errno.EISDIR, "directory for writing", os.open, folder, os.O_WRONLY)
    t.fails(errno.EISDIR, "directory for reading and writing", os.open, folder, os.O_RDWR)
    t.fails(errno.ENOTDIR, "file with O_DIRECTORY", os.open, path, os.O_RDONLY | os.O_DIRECTORY)
    t.fails(errno.ELOOP, "symbolic link with O_NOFOLLOW", os.open, t.symlink(path), os.O_RDONLY | os.O_NOFOLLOW)
    t.fails(errno.ELOOP, "symbolic link to itself", os.open, t.loop(), os.O_RDONLY)
    t.fails(errno.ENOENT, "dangling symbolic link", os.open, t.symlink("missing"), os.O_RDONLY)
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.open, t.long_name(), create)
    t.fails(errno.EACCES, "new file in a directory without write permission", os.open, t.folder(0o500) + "/x", create)
    t.fails(errno.EACCES, "new file in a directory without search permission", os.open, t.folder(0o600) + "/x", create)
    for mode, flags, name in (
        (0o200, os.O_RDONLY, "O_RDONLY"), (0o400, os.O_WRONLY, "O_WRONLY"), (0o400, os.O_RDWR, "O_RDWR"), (0o200, os.O_RDWR, "O_RDWR"),
        (0o000, os.O_RDONLY, "O_RDONLY"), (0o400, os.O_WRONLY | os.O_TRUNC, "O_WRONLY|O_TRUNC"), (0o077, os.O_RDONLY, "O_RDONLY"),
    ):
        t.fails(errno.EACCES, "%s of a file with mode 0%03o" % (name, mode), os.open, t.file(mode=mode), flags)
    kept = t.file(CONTENT, mode=0o400)
    t.fails(errno.EACCES, "O_TRUNC without write permission", os.open, kept, os.O_WRONLY | os.O_TRUNC)
    t.equal(files.read_file(kept), CONTENT, "O_TRUNC without write permission should leave the data")


def special(t):
    t.info("Directories and descriptors")
    folder = t.folder()
    descriptor = t.works("directory with O_RDONLY|O_DIRECTORY", os.open, folder, os.O_RDONLY | os.O_DIRECTORY)
    inside = t.works("openat() below a directory's descriptor", os.open, "new", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=descriptor)
    t.equal(os.listdir(folder), ["new"], "file of openat() should be in that directory")
    lowest = os.open(folder + "/new", os.O_RDONLY)
    os.close(lowest)
    again = os.open(folder + "/new", os.O_RDONLY)
    t.equal(again, lowest, "open() should give the lowest free descriptor")
    for each in (descriptor, inside, again):
        os.close(each)
    with t.group("100 descriptors of one file") as group:
        many = [os.open(folder + "/new", os.O_RDWR) for _ in range(100)]
        os.write(many[0], b"shared")
        for number, each in enumerate(many):
            group.equal(os.pread(each, 6, 0), b"shared", "descriptor %d" % number)
            os.close(each)
    for flag, name in ((os.O_DSYNC, "O_DSYNC"), (os.O_SYNC, "O_SYNC"), (os.O_RSYNC, "O_RSYNC")):
        path = t.path()
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | flag, 0o644)
        os.write(descriptor, b"synchronous")
        t.equal(files.read_from_server(path), b"synchronous", "data written with %s should be on the server" % name)
        os.close(descriptor)
