"""Reading through fsspec, on its filesystem in memory: no ETag there, and no network."""

from __future__ import annotations

import errno
import random
import sys
import uuid
from collections.abc import Iterator

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from loopback import Time

from tasks.errors import ConfigError, StageError, TransientError
from tasks.io import fsspec_body
from tasks.io.remote_file import RemoteFile, ask, digest_of
from tasks.io.remote_listing import listing

DATA = random.Random(2).randbytes(100_000)


class Bucket(MemoryFileSystem):
    """A store in memory with ETags, whose next calls fail with the errors in `faults`."""

    protocol = "bucket"
    cachable = False
    faults: list[Exception | None] = []  # noqa: RUF012
    asked: list[tuple[int, int]] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("bucket://", "memory://"))

    def info(self, path: str, **_: object) -> dict:
        return self._marked(super().info(path))

    def _marked(self, info: dict) -> dict:
        if info["type"] == "file":
            info = {**info, "ETag": f'"{hash(self.cat(info["name"])) & 0xFFFF:x}"'}
        return info

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        if start is not None:
            self.asked.append((start, end))
            if self.faults and (error := self.faults.pop(0)):
                raise error
        return super().cat_file(path, start, end)


fsspec.register_implementation("bucket", Bucket, clobber=True)


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fsspec_body, "BLOCK", 30_000)
    folder = f"/{uuid.uuid4().hex}"
    store = fsspec.filesystem("memory")
    store.pipe(f"{folder}/a.bin", DATA)
    Bucket.faults, Bucket.asked = [], []
    yield f"bucket:/{folder}/a.bin"
    store.rm(folder, recursive=True)


def test_a_file_comes_block_by_block(url: str) -> None:
    with RemoteFile(url, ask(url), Time().patience()) as file:
        assert file.read() == DATA
    assert Bucket.asked == [(0, 30_000), (30_000, 60_000), (60_000, 90_000), (90_000, 100_000)]
    assert ask(url).digest.startswith('etag:100000:"')


def test_slow_down_is_waited_for_and_the_block_asked_for_again(url: str) -> None:
    time = Time()
    file = RemoteFile(url, ask(url), time.patience())
    Bucket.faults = [None, OSError(errno.EBUSY, "Please reduce your request rate."), TimeoutError()]
    assert file.read() == DATA
    assert time.slept == [1.0, 2.0]
    assert [start for start, _ in Bucket.asked] == [0, 30_000, 30_000, 30_000, 60_000, 90_000]


def test_an_object_that_changes_between_its_blocks_is_noticed(url: str) -> None:
    file = RemoteFile(url, ask(url), Time().patience())
    assert file.read(10) == DATA[:10]
    fsspec.filesystem("memory").pipe(url.removeprefix("bucket:/"), DATA[::-1])
    with pytest.raises(StageError, match="has changed since this run asked") as raised:
        file.read()
    assert not isinstance(raised.value, TransientError)


def test_lasting_refusals_are_digests(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert digest_of(url + ".gone") == "http-404"
    monkeypatch.setattr(
        Bucket, "info", lambda *_, **__: (_ for _ in ()).throw(PermissionError("Access Denied"))
    )
    assert digest_of(url) == "http-403"


def test_a_store_that_never_answers_is_a_transient_error(url: str) -> None:
    file = RemoteFile(url, ask(url), Time().patience(tries=3))
    Bucket.faults = [OSError(errno.EBUSY, "SlowDown")] * 3
    with pytest.raises(TransientError, match=r"a\.bin can't be had now: SlowDown .try 3 of 3"):
        file.read()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match="s3:// needs the package s3fs: pip install s3fs"):
        fsspec_body.filesystem("s3://commoncrawl/a")


@pytest.mark.parametrize(
    ("address", "message"), [("zzz://a/b", "Protocol not known"), ("file:///a", "without file://")]
)
def test_an_address_that_nobody_reads_is_one_message(address: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fsspec_body.filesystem(address)


def test_a_folder_and_a_glob_list_addresses(url: str) -> None:
    folder, store = url.removesuffix("a.bin"), fsspec.filesystem("memory")
    for name in ("b/c.gz", "b/d.gz", "b/.e.gz", ".f/g.gz"):
        store.pipe(folder.removeprefix("bucket:/") + name, b"x")
    assert listing(folder) == [folder + name for name in ("a.bin", "b/c.gz", "b/d.gz")]
    assert listing(folder + "b/*.gz") == [folder + "b/c.gz", folder + "b/d.gz"]
    assert listing(folder + "none/*.gz") == listing(folder + "none/") == []
