import errno
import os

from .. import files


def link(t):
    """Hard links: one file with several names; link count and change times."""
    source = t.file(3000)
    target = t.path()
    inode = os.stat(source).st_ino
    with t.touches(t.dir, "parent directory"), t.touches(source, "file", mtime=False):
        t.works("link() should succeed", os.link, source, target)
    t.ok(os.path.isfile(target), "the new name should exist")
    t.equal(os.stat(target).st_ino, inode, "both names should be the same file")
    t.equal(os.stat(source).st_nlink, 2, "st_nlink should be 2 by the old name")
    t.equal(os.stat(target).st_nlink, 2, "st_nlink should be 2 by the new name")
    t.equal(files.read_file(target), files.pattern(3000), "the new name should have the data")
    descriptor = t.open(target, os.O_WRONLY)
    os.pwrite(descriptor, b"by the other name", 0)
    os.close(descriptor)
    t.equal(files.read_from_server(source)[:17], b"by the other name", "data written by one name should be read by the other")
    os.chmod(target, 0o600)
    t.equal(oct(os.stat(source).st_mode & 0o7777), oct(0o600), "mode set by one name should be seen by the other")
    t.tick()
    with t.touches(target, "file after unlink() of a name", mtime=False):
        os.unlink(source)
    t.equal(os.stat(target).st_nlink, 1, "st_nlink should be 1 after unlink() of one name")
    t.equal(len(files.read_from_server(target)), 3000, "data should stay after unlink() of one name")
    for number in range(2, 12):
        os.link(target, t.path())
    t.equal(os.stat(target).st_nlink, 11, "st_nlink should count ten more names")
    folder = t.folder()
    t.works("link() into another directory should succeed", os.link, target, folder + "/x")
    t.equal(os.stat(folder + "/x").st_ino, inode, "name in another directory should be the same file")

    t.fails(errno.EEXIST, "new name exists as a file", os.link, target, t.file())
    t.fails(errno.EEXIST, "new name exists as a directory", os.link, target, t.folder())
    t.fails(errno.EEXIST, "new name exists as a symbolic link", os.link, target, t.symlink("missing"))
    t.fails(errno.EEXIST, "both names are the same", os.link, target, target)
    t.fails(errno.ENOENT, "old name is missing", os.link, t.path(), t.path())
    t.fails(errno.ENOENT, "parent of the new name is missing", os.link, target, t.path() + "/x")
    t.fails(errno.ENOENT, "new name is empty", os.link, target, "")
    t.fails(errno.ENOTDIR, "parent of the new name is a file", os.link, target, t.file() + "/x")
    t.fails(errno.ENOTDIR, "file in the middle of the old name", os.link, target + "/x", t.path())
    t.fails((errno.EPERM, errno.EISDIR), "directory", os.link, folder, t.path())
    t.fails(errno.ENAMETOOLONG, "new name longer than f_namemax", os.link, target, t.long_name())
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.link, t.loop() + "/x", t.path())
    t.fails(errno.EACCES, "directory without write permission", os.link, target, t.folder(0o500) + "/x")
    t.equal(os.stat(target).st_nlink, 12, "st_nlink should not change by link() that failed")
    other = t.options.tmpdir
    if os.stat(other).st_dev != os.stat(t.dir).st_dev:
        t.fails(errno.EXDEV, "another filesystem", os.link, target, os.path.join(other, os.path.basename(t.dir)))
