from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks.regular import refused, regular, unlinked


def read(path: Path, opener) -> bytes:
    with open(path, "rb", opener=opener) as file:
        return file.read()


def test_a_regular_file_is_opened_also_by_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_bytes(b"data")
    monkeypatch.chdir(tmp_path)
    for opener in (regular, unlinked):
        assert read(tmp_path / "a/b/file", opener) == read(Path("a/b/file"), opener) == b"data"
    assert refused(tmp_path / "a/b/file") is refused(tmp_path / "a") is refused(tmp_path / "none") is None


def test_links_are_followed_or_refused_wherever_they_stand_in_a_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_bytes(b"data")
    (tmp_path / "folder").symlink_to("a")
    (tmp_path / "a/link").symlink_to("file")
    for path in (tmp_path / "a/link", tmp_path / "folder/file"):
        assert read(path, regular) == b"data"
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            read(path, unlinked)
    assert refused(tmp_path / "a/link") == refused(tmp_path / "folder") == "link"


def test_what_is_no_file_is_neither_waited_for_nor_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for opener in (regular, unlinked):
        for path in (tmp_path / "pipe", Path("/dev/zero")):
            assert refused(path) == "not-a-file"
            with pytest.raises(OSError, match="not a regular file"):
                read(path, opener)
        with pytest.raises(IsADirectoryError):
            read(tmp_path, opener)
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none/file", opener)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("file")
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path / "file", tmp_path / "link", tmp_path / "none/file", Path("/dev/zero")):
        try:
            with open(path, "rb", opener=unlinked):
                pass
        except OSError:
            pass
    assert os.listdir("/proc/self/fd") == before
