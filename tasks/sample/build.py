"""The sample corpus, built from the Python installation itself: a crawl, books, a code repository.

    crawl/*.warc.gz   the documentation site that `pydoc` serves, crawled over loopback HTTP
    books/*.txt       the language reference, a file per topic
    stdlib/           the standard library's sources and their licence

The same bytes every time for one Python version, and nothing of the environment that it was built in.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tasks.errors import StageError

VERSION = 1
MARKER = "sample.json"
ORIGIN = "http://docs.python.invalid"  # a name that no one can own (RFC 2606)
PAGES = 2000
DEPTH = 6
SERVERS = 2
_SITE = Path(__file__).with_name("pydoc_site.py")
_NOT_SOURCES = {
    *("test", "tests", "idle_test", "idlelib", "lib2to3", "pydoc_data", "turtledemo"),
    *("site-packages", "dist-packages", "__pycache__"),
}


def is_built(folder: Path) -> bool:
    """Whether the folder holds the whole sample of this Python version: by its marker and file sizes."""
    try:
        marker = json.loads((folder / MARKER).read_text("utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in marker["files"]}
        return marker["identity"] == _identity(None) and sizes == marker["files"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def build(folder: Path, *, modules: Collection[str] | None = None) -> None:
    """Builds the sample in `folder`, unless it is there. Two at once: the second waits for the first.

    modules: only these top-level modules (for tests); such a sample never counts as built.
    Raises StageError if the installation can't serve its documentation.
    """
    folder = Path(folder).absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / f".{folder.name}.lock"):
        if modules is None and is_built(folder):
            return
        for left in folder.parent.glob(f".{folder.name}.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
        try:
            counts = _fill(staged, modules)
            _mark(staged, modules, counts)
            staged.chmod(0o755)
            former = folder.parent / f".{folder.name}.new-former"
            if folder.exists():
                folder.rename(former)
            staged.rename(folder)
            shutil.rmtree(former, ignore_errors=True)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise


def _identity(modules: Collection[str] | None) -> dict[str, Any]:
    version = ".".join(map(str, sys.version_info[:3]))
    return {"sample": VERSION, "python": version, "modules": None if modules is None else sorted(modules)}


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _mark(folder: Path, modules: Collection[str] | None, counts: dict[str, int]) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    marker = {
        "identity": _identity(modules),
        "counts": counts,
        "files": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
    }
    (folder / MARKER).write_text(json.dumps(marker, indent=1) + "\n", "utf-8")


def _fill(folder: Path, modules: Collection[str] | None) -> dict[str, int]:
    return {
        "pages": _crawl(folder / "crawl", modules),
        "books": _books(folder / "books"),
        "sources": _sources(folder / "stdlib", modules),
    }


def _crawl(folder: Path, modules: Collection[str] | None) -> int:
    from tasks.sample.crawl import crawl, write_warc

    def wanted(url: str) -> bool:
        page, _, kind = url[len(ORIGIN) + 1 :].partition(".")
        return modules is None or not kind.endswith("html") or page in (*modules, "topics", "keywords")

    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(_server()) for _ in range(SERVERS)]
        pages = write_warc(crawl(ORIGIN, ports, pages=PAGES, depth=DEPTH, wanted=wanted), folder)
    if pages < 2:
        raise StageError(
            f"sample: pydoc of {_interpreter()} serves {pages} pages. Is its standard library complete?"
        )
    return pages


@contextlib.contextmanager
def _server() -> Iterator[int]:
    """A pydoc server of its own process; gives its port."""
    import subprocess

    from tasks.process import end, spawn

    # No -I: it would make Python ignore the hash seed. The rest of it is here one by one.
    command = [_interpreter(), "-s", "-S", "-P", "-B", "-X", "utf8", str(_SITE)]
    environment = {"PYTHONHASHSEED": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryDirectory(prefix="smelt-") as empty:
        process = spawn(
            command, cwd=empty, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            answer = process.stdout.readline().strip()
            if not answer.isdigit():
                raise StageError(
                    f"sample: {_interpreter()} can't serve its documentation: {answer or 'it ended'}"
                )
            yield int(answer)
        finally:
            end(process)


def _interpreter() -> str:
    """The Python that the virtual environment was made from: no site-packages are near it."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def _books(folder: Path) -> int:
    """The language reference as pydoc has it, a file per topic, under the topic's name."""
    import pydoc
    from pydoc_data import topics

    from tasks.sample.pydoc_site import canonical_topics

    folder.mkdir(parents=True)
    entries = {**pydoc.Helper.keywords, **pydoc.Helper.topics}
    known = sorted(canonical_topics(pydoc.Helper).items())
    names = {entries[name][0]: canonical for name, canonical in known if isinstance(entries[name], tuple)}
    for label, text in sorted(topics.topics.items()):
        (folder / f"{names.get(label, label)}.txt").write_bytes(text.strip("\n").encode() + b"\n")
    return len(topics.topics)


def _sources(folder: Path, modules: Collection[str] | None) -> int:
    """The library's .py files, bytes unchanged, without tests and what isn't the standard library's own."""
    library = Path(os.__file__).parent
    wanted = sys.stdlib_module_names if modules is None else modules
    count = 0
    for root, folders, files in os.walk(library):
        inner = Path(root).relative_to(library)
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCES and name.isidentifier())
        for name in sorted(files):
            top = inner.parts[0] if inner.parts else name.removesuffix(".py")
            if name.endswith(".py") and top in wanted:
                (folder / inner).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(root, name), folder / inner / name)
                count += 1
    licence = library / "LICENSE.txt"
    if licence.is_file():
        shutil.copyfile(licence, folder / "LICENSE.txt")
    return count


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tasks.sample.build FOLDER")
    build(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
