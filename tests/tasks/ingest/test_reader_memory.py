"""Memory of the readers and of what writes their documents: 600 MB, whatever the file. Slow: files of up to 1 GB."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

LIMIT = 600  # MB
ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import json, sys
from pathlib import Path
from tasks.ingest.node import process
from tasks.node import Input, Shard
kind, path, out = sys.argv[1:]
shard = Shard("s", {"kind": kind, "name": "s"}, {"files": [Input("r/a.py" if kind == "code" else "a.txt", path, "d")]})
metrics = process(shard, Path(out)).metrics
# Not ru_maxrss: a child starts with its parent's.
[line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
peak = int(line.split()[1]) // 1024
print(json.dumps([peak, metrics["documents_out"], {name: n["documents"] for name, n in metrics["dropped"].items()}]))
"""
WIDE = "\U0001f600" + "x" * (31 << 20)  # one character makes four bytes of each


def ingest(kind: str, path: Path) -> tuple[int, int, dict[str, int]]:
    """Peak MB of resident memory, documents, losses by reason."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(path), str(path.parent / "out")],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak, documents, losses = json.loads(done.stdout)
    return peak, documents, losses


def json_lines(path: Path) -> None:
    row = json.dumps({"text": "word " * 2000}).encode() + b"\n"
    with path.open("wb") as file:
        file.write(row * 10_000)
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + json.dumps({"text": WIDE}, ensure_ascii=False).encode() + b"\n" + row)


def many_rows(path: Path) -> None:
    """Two million rows, half of which repeat an id; each leaves a row in the ledger."""
    with path.open("w") as file:
        for number in range(2_000_000):
            file.write(
                f'{{"text": "row {number}", "id": "{number % 1_000_000}", "url": "http://a.org/{number}"}}\n'
            )


def csv_rows(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'text,n\na,1\n"open,2\n')
        for _ in range(30):
            file.write((b"x" * 1020 + b",3\n") * 1024)
        file.write(("\n" + WIDE[: 15 << 20] + ",4\n").encode())


def parquet_group(path: Path) -> None:
    texts = pa.array(["0123456789abcdef" * (1 << 16)] * 700, pa.large_string())
    pq.write_table(
        pa.table({"text": texts}),
        path,
        row_group_size=1000,
        write_batch_size=16,
        use_dictionary=False,
        compression="zstd",
    )


def parquet_page(path: Path) -> None:
    texts = pa.array(["0123456789abcdef" * (1 << 16)] * 700, pa.large_string())
    pq.write_table(pa.table({"text": texts}), path, use_dictionary=False, compression="zstd")


def parquet_value(path: Path) -> None:
    texts = pa.array(["a", "x" * (200 << 20), "b"], pa.large_string())
    pq.write_table(pa.table({"text": texts}), path, use_dictionary=False, compression="zstd")


def spaces(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(1000):
            file.write(b" " * (1 << 20))


def spaces_bomb(path: Path) -> None:
    member = gzip.compress(b" " * (1 << 20))
    path.write_bytes(member * 1000)


def epub(path: Path) -> None:
    items = "".join(f'<item id="i{n}" href="{n}" media-type="text/html"/>' for n in range(4))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(4))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        book.writestr("b.opf", f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>")
        for number in range(4):
            book.writestr(str(number), "<b>a</b>" * (2 << 20) if number % 2 else "<p>text " * (1 << 20))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kind", "make", "documents", "losses"),
    [
        ("jsonl", json_lines, 10_001, {"too-long": 1, "too-large": 1}),
        ("jsonl", many_rows, 1_000_000, {"repeated-id": 1_000_000}),
        ("csv", csv_rows, 30_722, {"bad-row": 1}),
        ("parquet", parquet_group, 700, {}),
        ("parquet", parquet_value, 2, {"too-long": 1}),
        ("parquet", parquet_page, 0, {"page-too-large": 1}),
        ("books", spaces, 0, {"empty": 263}),
        ("books", spaces_bomb, 0, {"empty": 263}),
        ("jsonl", spaces_bomb, 0, {"too-long": 1}),
        ("csv", spaces_bomb, 0, {"too-long": 1}),
        ("books", epub, None, {}),
        ("code", spaces, 0, {"too-large": 1}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_memory_is_bounded(
    tmp_path: Path, kind: str, make: Callable[[Path], None], documents: int | None, losses: dict[str, int]
) -> None:
    make(tmp_path / "file")
    peak, found, reasons = ingest(kind, tmp_path / "file")
    print(f"{kind} {make.__name__}: {peak} MB")
    (tmp_path / "file").unlink()
    assert peak <= LIMIT
    assert reasons == losses
    assert documents is None or found == documents
