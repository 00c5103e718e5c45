#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the system calls that a program makes of a file, for programs that Debian 12 or 13 lacks, or that are too
big for the machine that tests.

    calls.py NAME      a function below

Each was seen once, with strace -f, in the program and the version that it names; what changes the file, and
whether a failure is noticed, is as there, and calls that only look are left out. From the environment: F, the file;
T, a file with what shall be written; SCOPE, one word. For uutils_cp_r, two arguments: the directories.
"""
import fcntl
import os
import select
import sys

F = os.environ.get("F", "")
SCOPE = os.environ.get("SCOPE", "").encode()


def text():
    with open(os.environ["T"], "rb") as f:
        return f.read()


def unheard(call, *arguments):
    """The program does not look at what this call says."""
    try:
        return call(*arguments)
    except OSError:
        return None


# --- Java 17 ---


def java_files_write():
    """Files.write, Files.writeString, FileWriter."""
    f = os.open(F, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.fstat(f)
    os.write(f, text())
    os.close(f)


def java_random_access_end():
    """RandomAccessFile "rw": seek(length()) before each of two writes."""
    f = os.open(F, os.O_RDWR | os.O_CREAT, 0o666)
    for line in (SCOPE, b"read_branch"):
        os.lseek(f, os.fstat(f).st_size, os.SEEK_SET)
        os.write(f, line + b"\n")
    os.close(f)


def java_random_access_anew():
    """RandomAccessFile "rw": setLength(0), write."""
    f = os.open(F, os.O_RDWR | os.O_CREAT, 0o666)
    os.lseek(f, 0, os.SEEK_CUR)
    os.ftruncate(f, 0)
    os.lseek(f, 0, os.SEEK_SET)
    os.write(f, text())
    os.close(f)


def java_random_access_over():
    """RandomAccessFile "rw": write, setLength(getFilePointer())."""
    f = os.open(F, os.O_RDWR | os.O_CREAT, 0o666)
    os.ftruncate(f, os.write(f, text()))
    os.close(f)


def java_files_copy():
    """Files.copy with REPLACE_EXISTING."""
    os.unlink(F)
    source = os.open(os.environ["T"], os.O_RDONLY)
    f = os.open(F, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o100644)
    while os.sendfile(f, source, None, 0x7FFFF000):
        pass
    os.close(f)


# --- Go 1.26: each file is made non-blocking and watched, if it can be polled ---


def go_open(flags):
    f = os.open(F, flags | os.O_CLOEXEC, 0o666)
    fcntl.fcntl(f, fcntl.F_SETFL, fcntl.fcntl(f, fcntl.F_GETFL) | os.O_NONBLOCK)
    poll = select.epoll()
    poll.register(f, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)
    return f, poll


def go_close(f, poll):
    poll.unregister(f)
    os.close(f)


def go_write_file():
    """os.WriteFile."""
    f, poll = go_open(os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(f, text())
    go_close(f, poll)


def go_seek_end():
    """os.OpenFile with O_RDWR, Seek to the end before each of two writes."""
    f, poll = go_open(os.O_RDWR)
    for line in (SCOPE, b"read_branch"):
        os.lseek(f, 0, os.SEEK_END)
        os.write(f, line + b"\n")
    go_close(f, poll)


def go_create_sync():
    """os.Create, Write, Sync, Close."""
    f, poll = go_open(os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.write(f, text())
    os.fsync(f)
    go_close(f, poll)


# --- GNU coreutils 9.7 (Debian 13). Its cp, mv between directories, sort -o, tee, truncate and dd make the calls of 9.1
# (Debian 12); what keeps the mode sets it with fchmod, where 9.1 sets an access control list ---


def coreutils_cp_p():
    """cp -p; cp -a."""
    f = os.open(F, os.O_WRONLY | os.O_TRUNC)
    os.write(f, text())
    os.utime(f)
    os.fchmod(f, 0o100644)
    os.close(f)


def coreutils_mv():
    """mv from another file system."""
    os.unlink(F)
    f = os.open(F, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(f, text())
    os.utime(f)
    os.fchmod(f, 0o100644)
    os.close(f)


# --- uutils coreutils. The calls of cp are the same in 0.2.2 and 0.8.0; 0.0.17 (Debian 12) has no sendfile ---


def uutils_copy(source, target):
    a = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    b = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    ficlone = 0x40049409
    unheard(fcntl.ioctl, b, ficlone, a)
    c = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    d = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o100600)
    os.fchmod(d, 0o100600)
    failed = None
    try:
        uutils_copy_text(c, d)
    except OSError as e:
        failed = e
    for f in (d, c, b, a):
        unheard(os.close, f)
    if failed:
        raise failed
    os.chmod(target, 0o100600)


def uutils_copy_text(c, d):
    """What the library of Rust tries, one after another."""
    try:
        while os.copy_file_range(c, d, 1 << 30):
            pass
        return
    except OSError:
        pass
    try:
        while os.sendfile(d, c, None, 0x7FFFF000):
            pass
        return
    except OSError:
        pass
    while True:
        part = os.read(c, 8192)
        if not part:
            return
        os.write(d, part)


def uutils_cp():
    uutils_copy(os.environ["T"], F)


def uutils_cp_r():
    source, target = sys.argv[2:]
    for directory, _, files in os.walk(source):
        for name in files:
            below = os.path.relpath(os.path.join(directory, name), os.path.dirname(source))
            uutils_copy(os.path.join(directory, name), os.path.join(target, below))


# --- QSaveFile of Qt 5.15, with which kate saves ---


def qsavefile():
    name = F + ".eDyDWw"
    o_tmpfile = os.O_DIRECTORY | 0o20000000
    unheard(os.open, os.path.dirname(F), os.O_RDWR | os.O_CLOEXEC | o_tmpfile, 0o600)
    f = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.write(f, text())
    os.close(f)
    os.rename(name, F)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
