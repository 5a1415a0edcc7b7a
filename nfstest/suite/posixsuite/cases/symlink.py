import errno
import os
from stat import S_IMODE, S_ISLNK

from .. import files


def symlink(t):
    """Making symbolic links, and following them."""
    path, folder, parent = t.file(b"content", mode=0o640), t.folder(), t.folder()
    link = parent + "/link"
    with t.touches(parent, "parent directory"):
        t.works("symlink() should succeed", os.symlink, path, link)
    t.ok(S_ISLNK(os.lstat(link).st_mode), "st_mode should tell a symbolic link")
    t.equal(os.readlink(link), path, "the link should have its path")
    t.equal(os.lstat(link).st_uid, os.geteuid(), "st_uid of the link should be the user's")
    t.equal(os.lstat(link).st_nlink, 1, "st_nlink of the link should be 1")
    t.equal(os.stat(path).st_nlink, 1, "st_nlink of the target should stay 1")
    t.equal(files.read_file(link), b"content", "reading should follow the link")
    descriptor = t.open(link, os.O_WRONLY | os.O_TRUNC)
    os.write(descriptor, b"through the link")
    os.close(descriptor)
    t.equal(files.read_from_server(path), b"through the link", "writing should follow the link")
    os.chmod(link, 0o600)
    t.equal(oct(S_IMODE(os.stat(path).st_mode)), oct(0o600), "chmod() should follow the link")
    to_folder = t.symlink(folder)
    os.mknod(to_folder + "/inside", 0o644)
    t.equal(os.listdir(folder), ["inside"], "link to a directory should be followed in the middle of a path")
    t.equal(files.read_file(t.symlink(link)), b"through the link", "link to a link should be followed")
    os.symlink("../%s" % os.path.basename(path), parent + "/relative")
    t.equal(files.read_file(parent + "/relative"), b"through the link", "relative link should start at its own directory")
    chain = path
    for _ in range(8):
        chain = t.symlink(chain)
    t.equal(files.read_file(chain), b"through the link", "chain of 8 links (_POSIX_SYMLOOP_MAX) should be followed")
    dangling = t.works("link to a missing file should be made", t.symlink, "missing")
    t.fails(errno.ENOENT, "opening a dangling link", os.open, dangling, os.O_RDONLY)
    t.works("name of exactly f_namemax bytes", os.symlink, "x", t.long_name(0))

    t.fails(errno.EEXIST, "name exists as a file", os.symlink, "x", path)
    t.fails(errno.EEXIST, "name exists as a directory", os.symlink, "x", folder)
    t.fails(errno.EEXIST, "name exists as a symbolic link", os.symlink, "x", link)
    t.fails(errno.EEXIST, "name exists as a dangling symbolic link", os.symlink, "x", dangling)
    t.fails(errno.ENOENT, "missing parent", os.symlink, "x", t.path() + "/x")
    t.fails(errno.ENOENT, "empty name", os.symlink, "x", "")
    t.fails(errno.ENOTDIR, "parent is a file", os.symlink, "x", path + "/x")
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.symlink, "x", t.loop() + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.symlink, "x", t.long_name())
    t.fails(errno.EACCES, "parent without write permission", os.symlink, "x", t.folder(0o500) + "/x")
    t.fails(errno.ELOOP, "opening a link to itself", os.open, t.loop(), os.O_RDONLY)
