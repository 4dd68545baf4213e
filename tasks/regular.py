"""Regular files, and nothing else: what lies in folders from elsewhere may be a link to any file of the machine, a
device without an end, a pipe that nobody writes to.

`regular` and `unlinked` are openers for the built-in `open`: they look at what they have opened, so that what has
changed since somebody looked does no harm.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePath

LINK = "link"  # in place of a digest, and the reason of the loss
NOT_A_FILE = "not-a-file"
REFUSED = frozenset({LINK, NOT_A_FILE})
# A pipe would wait for its writer, a terminal become the process's own.
_AT_ONCE = os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def refused(path: Path) -> str | None:
    """Why a path of a tree is never opened: `LINK`, or `NOT_A_FILE` (a pipe, socket, device); None of others."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None  # who opens it will be told why that fails
    if stat.S_ISLNK(mode):
        return LINK
    return None if may_be_read(mode) else NOT_A_FILE


def regular(path: str, flags: int) -> int:
    """Opens a regular file, through links too. Raises OSError; never waits."""
    return _checked(os.open(path, flags | _AT_ONCE), path)


def unlinked(path: str, flags: int) -> int:
    """Opens a regular file if no part of its path is a link. Raises OSError; never waits."""
    root, *folders, name = PurePath(os.path.abspath(path)).parts
    above = os.open(root, _FOLDER)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=above)
            os.close(above)
            above = below
        return _checked(os.open(name, flags | _AT_ONCE | os.O_NOFOLLOW, dir_fd=above), path)
    finally:
        os.close(above)


def _checked(file: int, path: str) -> int:
    if may_be_read(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise OSError(errno.EINVAL, "not a regular file", path)


def may_be_read(mode: int) -> bool:
    """Of folders `open` itself says what they are."""
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
