import errno
import os


def same_place(path):
    here, there = os.stat("."), os.stat(path)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def chdir(t):
    """Going into directories and back; what is no directory or may not be searched is refused."""
    home = os.getcwd()
    folder = t.folder()
    t.works("chdir() to a new directory should succeed", os.chdir, folder)
    t.equal(os.getcwd(), os.path.realpath(folder), "current working directory should be changed")
    t.ok(same_place(folder), "'.' should be the new directory")
    os.close(os.open("relative", os.O_CREAT | os.O_WRONLY, 0o644))
    t.ok(os.path.exists(os.path.join(folder, "relative")), "a relative name should be created in the new directory")
    os.mkdir("below")
    t.works("chdir() with a relative name should succeed", os.chdir, "below")
    t.ok(same_place(os.path.join(folder, "below")), "'.' should be the directory below")
    t.works("chdir('..') should succeed", os.chdir, "..")
    t.ok(same_place(folder), "'.' should be the parent")
    t.works("chdir() back should succeed", os.chdir, home)
    t.equal(os.getcwd(), home, "current working directory should be changed back")
    t.works("chdir() through a symbolic link should succeed", os.chdir, t.symlink(folder))
    t.ok(same_place(folder), "'.' should be the directory behind the link")
    descriptor = t.open(os.path.join(folder, "below"), os.O_RDONLY | os.O_DIRECTORY)
    t.works("fchdir() should succeed", os.fchdir, descriptor)
    t.ok(same_place(os.path.join(folder, "below")), "'.' should be the directory of the descriptor")
    os.chdir(folder)

    t.fails(errno.ENOENT, "missing directory", os.chdir, t.path())
    t.fails(errno.ENOTDIR, "regular file", os.chdir, t.file())
    t.fails(errno.ENOTDIR, "file in the middle of the path", os.chdir, t.file() + "/x")
    t.fails(errno.ELOOP, "symbolic link to itself", os.chdir, t.loop())
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.chdir, t.long_name())
    t.fails(errno.ENOENT, "dangling symbolic link", os.chdir, t.symlink("missing"))
    t.fails(errno.EACCES, "directory without search permission", os.chdir, t.folder(0o600))
    t.works("directory with search permission only", os.chdir, t.folder(0o100))
    os.chdir(folder)
    t.ok(same_place(folder), "chdir() that failed should change nothing")
