"""Readers of books, code and tables: MB of decompressed input per CPU second, beside the bare loop of their parser.

The input is the Python installation's own sources: as rows, as files, as a git repository, as the chapters of a book.
Peers that are not installed (datatrove) are not measured.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import html
import io
import json
import lzma
import shutil
import statistics
import subprocess
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.books import source as books
from tasks.ingest.code import folder as code
from tasks.ingest.code import git, licences
from tasks.ingest.tables import csv as csv_kind
from tasks.ingest.tables import jsonl, parquet
from tasks.node import Input

ROUNDS = 3
ROWS = 4000  # characters of a row's text


def sources() -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    found = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    return [path for path in found if path.stat().st_size > 2000][:600]


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def report(name: str, size: int, ours: Callable[[], Any], bare: Callable[[], Any] | None = None) -> None:
    """Prints MB per CPU second; both sides in turn, medians, after a warm-up."""
    ours()
    pairs = [(seconds(ours), seconds(bare) if bare else 0.0) for _ in range(ROUNDS)]
    print(f"{name}\t{size / 1e6 / statistics.median(pair[0] for pair in pairs):.1f}\tMB/s")
    if bare:
        print(f"{name}, bare loop\t{size / 1e6 / statistics.median(pair[1] for pair in pairs):.1f}\tMB/s")


def reader(
    module: ModuleType, files: Iterable[Path], root: Path, kind: str | None = None, **keys: Any
) -> Callable[[], int]:
    source = module.Source(name="bench", paths=["."], **keys)
    inputs = [Input(path.relative_to(root).as_posix(), str(path), "digest") for path in files]
    if kind == "git":
        inputs = [Input(file.name, file.path, source.digest(Path(file.path))) for file in inputs]

    def work() -> int:
        count = sum(1 for file in inputs for item in module.read(source, file, {}) if hasattr(item, "text"))
        assert count, "nothing was read"
        return count

    return work


def tables(folder: Path, texts: list[str]) -> None:
    rows = [{"id": str(n), "url": f"http://example.com/{n}", "text": text} for n, text in enumerate(texts)]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = folder / "rows"
    path.write_bytes(lines)
    report(
        "jsonl", len(lines), reader(jsonl, [path], folder),
        lambda: [json.loads(line) for line in path.open("rb")],
    )  # fmt: skip
    for name, pack in (
        ("gzip", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lambda data: lzma.compress(data, preset=1)),
    ):
        packed = folder / name
        packed.write_bytes(pack(lines))
        report(f"jsonl in {name}", len(lines), reader(jsonl, [packed], folder))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "url", "text"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue())
    report(
        "csv", path.stat().st_size, reader(csv_kind, [path], folder),
        lambda: list(csv.DictReader(path.open(newline=""))),
    )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
    report(
        "parquet", sum(map(len, texts)), reader(parquet, [path], folder),
        lambda: [batch.to_pylist() for batch in pq.ParquetFile(path).iter_batches(256)],
    )  # fmt: skip


def whole_books(folder: Path, texts: list[str]) -> None:
    start, end = (f"*** {word} OF THE PROJECT GUTENBERG EBOOK X ***" for word in ("START", "END"))
    text = "\n\n".join([start, *texts, end])
    path = folder / "book.txt"
    path.write_text(text)
    report("book, text", path.stat().st_size, reader(books, [path], folder))
    chapters = [
        "<html><head><title/></head><body>"
        + "".join(f'<p class="x">{html.escape(part)} <i>end</i></p>\n' for part in chapter.split("\n\n"))
        + "</body></html>"
        for chapter in texts
    ]
    path = folder / "book.epub"
    names = [f"c{number}.xhtml" for number in range(len(chapters))]
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        made.writestr("b.opf", f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>")
        for name, chapter in zip(names, chapters, strict=True):
            made.writestr(name, chapter)
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    report(
        "book, EPUB (beside resiliparse's whole text of the same chapters)", sum(map(len, chapters)),
        reader(books, [path], folder),
        lambda: [extract_plain_text(HTMLTree.parse(page), main_content=False) for page in chapters],
    )  # fmt: skip


def repositories(folder: Path, files: list[Path]) -> None:
    project = folder / "project"
    for number, path in enumerate(files):
        target = project / f"part{number % 20}" / f"{number}_{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    copies = sorted(project.rglob("*.py"))
    size = sum(path.stat().st_size for path in copies)
    report(
        "code", size, reader(code, copies, folder),
        lambda: [path.read_bytes().decode("utf-8", "replace") for path in copies],
    )  # fmt: skip
    if shutil.which("git") is None:
        print("git\tskipped: there is no git")
        return
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    subprocess.run(["git", "gc", "-q"], cwd=project, check=True)
    report("git", size, reader(git, [project], folder, "git"))
    texts = [path.read_text("utf-8", "replace") for path in copies]
    report("licence of a file's head", size, lambda: [licences.of_header(text) for text in texts])


def main() -> None:
    files = sources()
    text = "".join(path.read_text("utf-8", "replace") for path in files).replace("\r", "")
    texts = [text[at : at + ROWS] for at in range(0, len(text), ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        tables(Path(folder), texts)
        whole_books(Path(folder), texts)
        repositories(Path(folder), files)


if __name__ == "__main__":
    main()
