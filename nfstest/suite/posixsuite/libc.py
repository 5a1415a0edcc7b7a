"""The C library's own functions, where Python has none or hides what they return."""
import ctypes
import os

_library = ctypes.CDLL(None, use_errno=True)
MAP_FAILED = ctypes.c_void_p(-1).value


class Dirent(ctypes.Structure):
    """struct dirent of glibc and musl on 64-bit Linux, and struct dirent64 on 32-bit."""

    _fields_ = [
        ("d_ino", ctypes.c_uint64),
        ("d_off", ctypes.c_int64),
        ("d_reclen", ctypes.c_ushort),
        ("d_type", ctypes.c_ubyte),
        ("d_name", ctypes.c_char * 256),
    ]


def _declare(name, result, *arguments):
    function = getattr(_library, name)
    function.restype = result
    function.argtypes = arguments
    return function


_int, _long, _pointer, _size, _string = ctypes.c_int, ctypes.c_long, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
_readdir_name = "readdir64" if ctypes.sizeof(_long) < 8 and hasattr(_library, "readdir64") else "readdir"
_access = _declare("access", _int, _string, _int)
_creat = _declare("creat", _int, _string, ctypes.c_uint)
_read = _declare("read", ctypes.c_ssize_t, _int, _pointer, _size)
_write = _declare("write", ctypes.c_ssize_t, _int, _pointer, _size)
_readlink = _declare("readlink", ctypes.c_ssize_t, _string, _pointer, _size)
_opendir = _declare("opendir", _pointer, _string)
_readdir = _declare(_readdir_name, ctypes.POINTER(Dirent), _pointer)
_closedir = _declare("closedir", _int, _pointer)
_rewinddir = _declare("rewinddir", None, _pointer)
_telldir = _declare("telldir", _long, _pointer)
_seekdir = _declare("seekdir", None, _pointer, _long)
_dirfd = _declare("dirfd", _int, _pointer)
_mmap = _declare("mmap", _pointer, _pointer, _size, _int, _int, _int, _long)
_munmap = _declare("munmap", _int, _pointer, _size)
_msync = _declare("msync", _int, _pointer, _size, _int)


def _checked(function, *arguments, failed=-1):
    ctypes.set_errno(0)
    result = function(*arguments)
    if result == failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def access(path, mode):
    return _checked(_access, os.fsencode(path), mode)


def creat(path, mode):
    return _checked(_creat, os.fsencode(path), mode)


def readlink(path, size):
    """(returned length, bytes in the buffer): POSIX cuts what does not fit and adds no NUL."""
    buffer = ctypes.create_string_buffer(b"\xff" * size, size + 8)
    count = _checked(_readlink, os.fsencode(path), ctypes.addressof(buffer), size)
    return count, buffer.raw[:count]


def mmap(length, protection, flags, descriptor, offset=0):
    """Address of a mapping; the kernel chooses it."""
    return _checked(_mmap, None, length, protection, flags, descriptor, offset, failed=MAP_FAILED)


def munmap(address, length):
    return _checked(_munmap, address, length)


def msync(address, length, flags):
    return _checked(_msync, address, length, flags)


def peek(address, length):
    """Bytes in memory. The kernel copies them into a pipe: memory that can't be read gives EFAULT, not a signal."""
    return _through_pipe(address, length, lambda reading, writing, place, count: (
        _checked(_write, writing, place, count), os.read(reading, count))[1])


def poke(address, data):
    """Stores bytes in memory, the same way."""
    _through_pipe(address, len(data), lambda reading, writing, place, count: (
        os.write(writing, data[place - address:place - address + count]), _checked(_read, reading, place, count), b"")[2])


def _through_pipe(address, length, copy):
    reading, writing = os.pipe()
    try:
        # PIPE_BUF bytes pass in one go.
        return b"".join(copy(reading, writing, address + done, min(4096, length - done)) for done in range(0, length, 4096))
    finally:
        os.close(reading)
        os.close(writing)


def touch(address):
    """Reads memory as a program does, with a signal where it can't be read."""
    ctypes.string_at(address, 1)


class Entry:
    def __init__(self, dirent):
        self.name = os.fsdecode(dirent.d_name)
        self.inode = dirent.d_ino
        self.type = dirent.d_type


class DirStream:
    """DIR *: a directory stream as C programs have it."""

    def __init__(self, path):
        self.handle = _checked(_opendir, os.fsencode(path), failed=None)

    def read(self):
        """Next entry, None at the end."""
        ctypes.set_errno(0)
        found = _readdir(self.handle)
        if found:
            return Entry(found.contents)
        number = ctypes.get_errno()
        if number:
            raise OSError(number, os.strerror(number))
        return None

    def names(self, count=None):
        """The next names, all by default."""
        found = []
        while count is None or len(found) < count:
            entry = self.read()
            if entry is None:
                break
            found.append(entry.name)
        return found

    def files(self):
        """All that follow, without "." and "..": POSIX leaves it to the filesystem whether these are listed."""
        return [name for name in self.names() if name not in (".", "..")]

    def tell(self):
        return _checked(_telldir, self.handle)

    def seek(self, position):
        _seekdir(self.handle, position)

    def rewind(self):
        _rewinddir(self.handle)

    def fileno(self):
        return _checked(_dirfd, self.handle)

    def close(self):
        handle, self.handle = self.handle, None
        return _checked(_closedir, handle) if handle else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
