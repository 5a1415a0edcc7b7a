import errno
import os
from stat import S_ISLNK

from .. import files


def rename(t):
    """Renaming files, directories and symbolic links, also over existing ones."""
    for part in (plain, replacing, directories, refusals):
        t.part(part)


def plain(t):
    t.info("Files and links")
    source, other = t.file(2000), t.folder()
    inode = os.stat(source).st_ino
    target = os.path.join(other, "new")
    with t.touches(t.dir, "old parent directory"), t.touches(other, "new parent directory"):
        t.works("rename() of a file should succeed", os.rename, source, target)
    t.ok(not os.path.lexists(source), "the old name should be gone")
    t.equal(os.stat(target).st_ino, inode, "the file should stay the same file")
    t.equal(files.read_from_server(target), files.pattern(2000), "the file should keep its data")
    t.equal(os.stat(target).st_nlink, 1, "st_nlink should stay 1")
    t.fails(errno.ENOENT, "opening the old name", os.open, source, os.O_RDONLY)
    link = t.symlink("missing")
    moved = t.path()
    t.works("rename() of a symbolic link should succeed", os.rename, link, moved)
    t.equal(os.readlink(moved), "missing", "the symbolic link should keep its path")
    t.works("rename() to its own name should succeed", os.rename, target, target)
    t.equal(os.stat(target).st_ino, inode, "rename() to its own name should change nothing")
    second = t.path()
    os.link(target, second)
    t.works("rename() of a name over another of the same file should succeed", os.rename, target, second)
    t.ok(os.path.exists(target) and os.path.exists(second), "both names of the same file should stay")
    descriptor = t.open(second, os.O_RDWR)
    os.rename(second, t.path("third"))
    os.write(descriptor, b"after rename")
    os.close(descriptor)
    t.equal(files.read_from_server(t.path("third"))[:12], b"after rename", "an open file should be written under its new name")


def replacing(t):
    t.info("Over existing names")
    source, target = t.file(b"source"), t.file(b"target")
    inode = os.stat(source).st_ino
    reader = t.open(target, os.O_RDONLY)
    t.works("rename() over a file should succeed", os.rename, source, target)
    t.ok(not os.path.lexists(source), "the old name should be gone after replacing")
    t.equal(os.stat(target).st_ino, inode, "the name should be the renamed file")
    t.equal(files.read_from_server(target), b"source", "the name should have the data of the renamed file")
    t.equal(os.read(reader, 10), b"target", "the replaced file should stay readable where it is open")
    os.close(reader)
    aim = t.file(b"aim")
    link, source = t.symlink(aim), t.file(b"source")
    t.works("rename() over a symbolic link should succeed", os.rename, source, link)
    t.ok(not S_ISLNK(os.lstat(link).st_mode), "the symbolic link should be replaced")
    t.equal(files.read_file(aim), b"aim", "target of the replaced link should stay")
    other, link = t.file(), t.symlink(aim)
    t.works("rename() of a symbolic link over a file should succeed", os.rename, link, other)
    t.equal(os.readlink(other), aim, "the name should be the symbolic link")
    twice = t.file()
    os.link(twice, t.path("twice"))
    os.rename(t.file(), t.path("twice"))
    t.equal(os.stat(twice).st_nlink, 1, "st_nlink of the replaced file should go down")


def directories(t):
    t.info("Directories")
    folder, parent = t.folder(), t.folder()
    os.mknod(folder + "/inside", 0o644)
    inode = os.stat(folder).st_ino
    target = os.path.join(parent, "moved")
    t.works("rename() of a directory should succeed", os.rename, folder, target)
    t.ok(not os.path.lexists(folder), "the old name of the directory should be gone")
    t.equal(os.stat(target).st_ino, inode, "the directory should stay the same directory")
    t.equal(os.listdir(target), ["inside"], "the directory should keep its entries")
    t.equal(os.stat(target + "/..").st_ino, os.stat(parent).st_ino, "'..' should be the new parent")
    empty = t.folder()
    t.works("rename() over an empty directory should succeed", os.rename, target, empty)
    t.equal(os.listdir(empty), ["inside"], "the name should be the renamed directory")
    t.fails((errno.ENOTEMPTY, errno.EEXIST), "over a directory that is not empty", os.rename, t.folder(), empty)
    t.equal(os.listdir(empty), ["inside"], "the directory that is not empty should stay")
    t.fails(errno.EINVAL, "directory into itself", os.rename, empty, empty + "/below")
    os.mkdir(empty + "/a")
    t.fails(errno.EINVAL, "directory below itself", os.rename, empty, empty + "/a/b")
    path = t.file()
    t.fails(errno.ENOTDIR, "directory over a file", os.rename, t.folder(), path)
    t.fails(errno.EISDIR, "file over a directory", os.rename, path, t.folder())
    t.fails(errno.ENOTDIR, "directory over a symbolic link", os.rename, t.folder(), t.symlink(empty))
    t.fails((errno.EBUSY, errno.EINVAL), "'.' as the old name", os.rename, empty + "/.", t.path())


def refusals(t):
    t.info("Errors")
    path = t.file(b"stays")
    t.fails(errno.ENOENT, "old name is missing", os.rename, t.path(), t.path())
    t.fails(errno.ENOENT, "parent of the new name is missing", os.rename, path, t.path() + "/x")
    t.fails(errno.ENOENT, "new name is empty", os.rename, path, "")
    t.fails(errno.ENOTDIR, "parent of the new name is a file", os.rename, path, t.file() + "/x")
    t.fails(errno.ENOTDIR, "file in the middle of the old name", os.rename, path + "/x", t.path())
    t.fails(errno.ENAMETOOLONG, "new name longer than f_namemax", os.rename, path, t.long_name())
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.rename, t.loop() + "/x", t.path())
    t.fails(errno.EACCES, "new parent without write permission", os.rename, path, t.folder(0o500) + "/x")
    locked = t.folder()
    os.mknod(locked + "/x", 0o644)
    os.chmod(locked, 0o500)
    t.fails(errno.EACCES, "old parent without write permission", os.rename, locked + "/x", t.path())
    if os.stat(t.options.tmpdir).st_dev != os.stat(t.dir).st_dev:
        t.fails(errno.EXDEV, "another filesystem", os.rename, path, os.path.join(t.options.tmpdir, os.path.basename(t.dir)))
    t.equal(files.read_file(path), b"stays", "rename() that failed should change nothing")
