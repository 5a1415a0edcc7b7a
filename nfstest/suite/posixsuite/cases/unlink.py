import errno
import os
import time

from .. import files


def unlink(t):
    """Removing files and links, also files that are open: they stay usable until they are closed."""
    parent = t.folder()
    path = parent + "/new"
    os.mknod(path, 0o644)
    with t.touches(parent, "parent directory"):
        t.works("unlink() should succeed", os.unlink, path)
    t.ok(not os.path.lexists(path), "file should be gone")
    t.equal(os.listdir(parent), [], "parent should not list it any more")
    t.fails(errno.ENOENT, "removed a second time", os.unlink, path)
    t.works("file without any permission can be removed", os.unlink, t.file(mode=0o000))

    t.info("Links")
    target = t.file(b"target")
    link = t.symlink(target)
    t.works("unlink() of a symbolic link should succeed", os.unlink, link)
    t.ok(not os.path.lexists(link), "symbolic link should be gone")
    t.equal(files.read_file(target), b"target", "target of the symbolic link should stay")
    t.works("unlink() of a dangling symbolic link should succeed", os.unlink, t.symlink("missing"))
    t.works("unlink() of a symbolic link to a directory should succeed", os.unlink, t.symlink(parent))
    t.ok(os.path.isdir(parent), "directory behind the symbolic link should stay")
    second = t.path()
    os.link(target, second)
    with t.touches(second, "file with another name", mtime=False):
        t.works("unlink() of one of two names should succeed", os.unlink, target)
    t.equal(os.stat(second).st_nlink, 1, "st_nlink should go down to 1")
    t.equal(files.read_from_server(second), b"target", "data should stay under the other name")
    t.part(opened)

    t.info("Errors")
    folder = t.folder()
    t.fails((errno.EISDIR, errno.EPERM), "directory", os.unlink, folder)
    t.ok(os.path.isdir(folder), "directory should stay")
    t.fails(errno.ENOENT, "missing file", os.unlink, t.path())
    t.fails(errno.ENOENT, "empty path", os.unlink, "")
    t.fails(errno.ENOTDIR, "file in the place of a directory", os.unlink, second + "/x")
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.unlink, t.loop() + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.unlink, t.long_name())
    os.mknod(folder + "/x", 0o644)
    os.chmod(folder, 0o500)
    t.fails(errno.EACCES, "parent without write permission", os.unlink, folder + "/x")
    os.chmod(folder, 0o600)
    t.fails(errno.EACCES, "parent without search permission", os.unlink, folder + "/x")
    os.chmod(folder, 0o700)
    t.ok(os.path.exists(folder + "/x"), "unlink() that failed should change nothing")


def opened(t):
    t.info("Open file")
    folder = t.folder()
    path = folder + "/open"
    descriptor = t.open(path, os.O_CREAT | os.O_RDWR)
    files.write_all(descriptor, files.pattern(20000))
    os.fsync(descriptor)
    t.works("unlink() of an open file should succeed", os.unlink, path)
    t.ok(not os.path.lexists(path), "its name should be gone")
    t.fails(errno.ENOENT, "opening it again", os.open, path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    problem = files.difference(os.pread(descriptor, 20000, 0), files.pattern(20000))
    t.ok(problem is None, "it should stay readable", problem)
    t.equal(t.works("it should stay writable", os.pwrite, descriptor, b"more", 20000), 4, "writing it should return the count")
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    t.equal(os.pread(descriptor, 10, 20000), b"more", "what was written should be read again")
    t.equal(os.fstat(descriptor).st_size, 20004, "its st_size should follow")
    t.works("its name can be used for another file", os.mknod, path, 0o644)
    t.equal(os.stat(path).st_size, 0, "the other file should be a new one")
    t.ok(os.stat(path).st_ino != os.fstat(descriptor).st_ino, "the other file should have an st_ino of its own")
    os.unlink(path)
    t.works("close() should succeed", os.close, descriptor)
    # An NFS client gives an open file a hidden name on the server and removes that after close().
    deadline = time.monotonic() + 3
    while os.listdir(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    t.equal(os.listdir(folder), [], "nothing should be left of it after close()")
    t.works("its directory should be removable", os.rmdir, folder)
