from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.robotparser import RobotFileParser

import pytest

from tasks.document import Document
from tasks.ingest.warc.source import Source, read_warc
from tasks.sample import build as sample
from tasks.sample.build import build, is_built
from tasks.sample.pydoc_site import LEFT_OUT, ROBOTS, canonical_topics, served

MODULES = ["os", "sys", "ctypes", "bisect", "posixpath", "json"]
SECRET = "hunter2-planted-in-the-environment"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of a few modules, built where the environment holds a secret."""
    folder = tmp_path_factory.mktemp("sample") / "corpus"
    before = dict(os.environ)
    os.environ.update(PLANTED_SECRET=SECRET, PYTHONSTARTUP=SECRET, TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    try:
        build(folder, modules=MODULES)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return folder


def test_it_holds_pages_topics_keywords_books_and_sources(built: Path) -> None:
    items = [item for path in sorted(built.glob("crawl/*.warc.gz")) for item in read_warc(path)]
    urls = {item.url.removeprefix(sample.ORIGIN) for item in items if isinstance(item, Document)}
    assert {
        "/",
        "/os.html",
        "/json.decoder.html",
        "/topics.html",
        "/topic?key=BOOLEAN",
        "/topic?key=and",
    } <= urls
    assert {item.reason for item in items if not isinstance(item, Document)} == {"warcinfo", "request"}
    assert "Boolean operations" in (built / "books/BOOLEAN.txt").read_text()
    assert (built / "stdlib/json/decoder.py").read_bytes() == Path(json.decoder.__file__).read_bytes()
    assert json.loads((built / "sample.json").read_text())["counts"]["books"] > 50


def test_nothing_of_the_environment_is_in_it(built: Path) -> None:
    for name, data in contents(built).items():
        text = gzip.decompress(data) if name.endswith(".gz") else data
        assert SECRET.encode() not in text, name
        if name.startswith("crawl/"):
            for trace in (sys.base_prefix, str(Path.home()), str(built.parent), str(Path.cwd()), "127.0.0.1"):
                assert len(trace) < 6 or trace.encode() not in text, (name, trace)
            assert len(socket.gethostname()) < 6 or socket.gethostname().encode() not in text
            assert b"Asia/Tokyo" not in text


def test_two_builds_give_the_same_bytes(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "123")
    build(tmp_path / "somewhere/else/again", modules=MODULES)
    assert contents(tmp_path / "somewhere/else/again") == contents(built)
    assert [path.name for path in (tmp_path / "somewhere/else").iterdir() if "new" in path.name] == []


def test_a_keyword_page_and_its_topic_share_a_group(built: Path) -> None:
    source = Source(name="p", paths=["."], group=r"topic\?key=(\w+)|/(\w+)\.html")
    items = [item for path in sorted(built.glob("crawl/*.warc.gz")) for item in read_warc(path, source)]
    groups = {
        item.url.removeprefix(sample.ORIGIN): item.metadata["group"]
        for item in items
        if isinstance(item, Document)
    }
    assert groups["/topic?key=and"] == groups["/topic?key=or"] == groups["/topic?key=BOOLEAN"] == "boolean"
    assert groups["/os.html"] == "os"


def test_topics_that_show_one_text_have_one_name() -> None:
    helper = SimpleNamespace(
        keywords={"and": "BOOLEAN", "or": "BOOLEAN", "assert": ("assert", "")},
        topics={"BOOLEAN": ("booleans", ""), "ASSERTION": "assert", "LOOP": "LOOP"},
    )
    names = canonical_topics(helper)
    assert names["and"] == names["or"] == names["BOOLEAN"] == "BOOLEAN"
    assert names["assert"] == names["ASSERTION"] == "ASSERTION"


def test_modules_that_act_on_import_are_not_served() -> None:
    assert served("os")
    assert served("json.decoder")
    for name in ("antigravity", "idlelib.idle", "unittest.__main__", "ctypes.test", "numpy"):
        assert not served(name)


def test_robots_keeps_out_of_searches_and_left_out_modules_only() -> None:
    robots = RobotFileParser()
    robots.parse(ROBOTS.splitlines())
    refused = {name for name in sys.stdlib_module_names if not robots.can_fetch("x", f"http://h/{name}.html")}
    assert refused == LEFT_OUT & sys.stdlib_module_names
    for address in ("get?key=os", "getfile?key=/etc/passwd", "search?key=os"):
        assert not robots.can_fetch("x", f"http://h/{address}")


def test_a_folder_counts_as_built_only_when_whole(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    (folder / "books").mkdir(parents=True)
    (folder / "books/a.txt").write_text("abc")
    marker = {"identity": sample._identity(None), "files": {"books/a.txt": 3}}
    assert not is_built(folder)
    (folder / "sample.json").write_text(json.dumps(marker))
    assert is_built(folder)
    (folder / "books/a.txt").write_text("ab")
    assert not is_built(folder)
    (folder / "books/a.txt").write_text("abc")
    (folder / "sample.json").write_text(json.dumps({**marker, "identity": {"sample": 0}}))
    assert not is_built(folder)
    (folder / "sample.json").write_text("{")
    assert not is_built(folder)


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sample, "_crawl", lambda folder, modules: 2)
    monkeypatch.setattr(sample, "_books", fail)
    with pytest.raises(OSError, match="No space"):
        build(tmp_path / "s", modules=MODULES)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_asking_whether_it_is_built_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from tasks.sample.build import is_built;"
        "is_built(Path('/nowhere'));"
        "print(sorted({'pyarrow', 'pydantic', 'fastwarc', 'http', 'pydoc'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


@pytest.mark.slow
def test_the_whole_sample_is_the_same_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name)
        assert is_built(tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
