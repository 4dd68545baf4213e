"""Bad input: every file, and a host that stalls, ends in documents or in a reason of the ledger, in bounded memory.

The small round runs ingest, in sizes that a test can afford. The slow one goes through the command up to filter, with
1 GB of spaces, lines of 200 MB and bombs of 1 GB (`pytest -m slow -s tests/test_bad_input.py` prints what became of each).
"""

from __future__ import annotations

import ctypes
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_pipeline as small
import yaml
from stalling_host import StallingHost

MIB = 1 << 20
LIMIT = 600  # MB of resident memory of any process of a run
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
DEEP = b"<html><body>" + b"<div>" * 100_000 + b"Some words at the bottom of it all."
BROKEN = b"\xff\xfe\xfd \xc3\x28 \xa0\xa1 \xe2\x28\xa1 \xf0\x28\x8c\x28\n" * 50
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def record(body: bytes, fields: str = "") -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}\r\n".encode() + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:1>\r\nWARC-Target-URI: http://a.org/1\r\n"
    return f"{head}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"


def arc() -> bytes:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>A page of an ARC file.</p>"
    return gzip.compress(b"http://a.org/ 1.2.3.4 20200203040506 text/html %d\n" % len(page) + page + b"\n")


def epub(chapter: Iterable[bytes]) -> bytes:
    out = io.BytesIO()
    container = '<c><rootfiles><rootfile full-path="b.opf"/></rootfiles></c>'
    item = '<item id="i" href="a" media-type="text/html"/>'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        book.writestr("META-INF/container.xml", container)
        book.writestr("b.opf", f'<p><manifest>{item}</manifest><spine><itemref idref="i"/></spine></p>')
        with book.open("a", "w", force_zip64=True) as member:
            for piece in chapter:
                member.write(piece)
    return out.getvalue()


def parquet(texts: list[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), out)
    return out.getvalue()


@cache
def bomb(size: int) -> bytes:
    """So many MB of spaces."""
    unit = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(unit.compress(b" " * MIB) for _ in range(size)) + unit.flush()


@dataclass(frozen=True)
class Bad:
    """A file, what makes it, and what is to come of it: reasons, and "document" where there is text.

    make: from the size in MB (of spaces, of a line, of what a bomb unpacks to). large: the outcome at full size, where
    it is another.
    """

    name: str
    make: Callable[[int], bytes | Iterable[bytes]]
    outcome: str
    large: str | None = None


def spaces(size: int) -> Iterator[bytes]:
    return (b" " * MIB for _ in range(size))


def line(size: int) -> Iterator[bytes]:
    return (b"word " * (MIB // 5) for _ in range(size))


def everything() -> list[Bad]:
    """Each kind of bad input for each kind of source that can meet it."""
    rows = {
        "surrogates": b'{"text": "A lone surrogate \\ud800 within words, and \\udfff another."}\n',
        "nul": json.dumps({"text": "\0" * 500}).encode() + b"\n",
        "utf8": b'{"text": "' + BROKEN.replace(b"\n", b"") + b'"}\n',
    }
    return [
        *(Bad(f"warc/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.warc.gz", b"", "empty-file"),
            ("nothing.warc.gz", gzip.compress(b""), "empty-file"),
            ("utf8.warc", record(b"<p>" + BROKEN), "document"),  # whatever is likeliest
            ("nul.warc", record(b"\0" * 5000), "empty"),
            ("deep.warc", record(DEEP), "document"),
            ("plain.warc.zst", record(b"<p>Plain whatever it is called.</p>"), "document"),
            ("arc.warc.gz", arc(), "document"),
            ("png.warc", PNG, "not-warc"),
            ("denied.warc", record(b"<p>x"), "unreadable"),
        ]),
        Bad("warc/spaces.warc", spaces, "not-warc"),
        Bad("warc/line.warc", line, "not-warc"),
        Bad("warc/bomb.warc.gz", bomb, "bomb"),
        Bad("warc/body.warc", lambda size: record(bomb(size), "Content-Encoding: gzip\r\n"), "too-large"),
        Bad("deep-resiliparse/deep.warc", lambda _: record(DEEP), "document"),
        Bad("deep-trafilatura/deep.warc", lambda _: record(DEEP), "document"),
        *(Bad(f"jsonl/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.jsonl", b"", "empty-file"),
            ("surrogates.jsonl", rows["surrogates"], "document"),
            ("nul.jsonl", rows["nul"], "empty"),
            ("utf8.jsonl", rows["utf8"], "bad-utf8"),
            ("plain.jsonl.zst", b'{"text": "Plain whatever it is called."}\n', "document"),
            ("png.jsonl", PNG, "bad-json bad-utf8"),
            ("denied.jsonl", b'{"text": "x"}\n', "unreadable"),
        ]),
        Bad("jsonl/spaces.jsonl", spaces, "no-records", "too-long"),
        Bad("jsonl/line.jsonl", line, "bad-json", "too-long"),
        Bad("jsonl/bomb.jsonl.gz", bomb, "bomb too-long"),
        *(Bad(f"csv/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.csv", b"", "empty-file"),
            ("good.csv", b"text,n\nA row of a table.,1\n", "document"),
            ("nul.csv", b"text,n\n" + b"\0" * 500 + b",1\n", "empty"),
            ("parquet.csv", parquet(["text"] * 9), "missing-column"),
            ("denied.csv", b"text\nx\n", "unreadable"),
        ]),
        Bad("csv/spaces.csv", spaces, "missing-column", "too-long"),
        Bad("csv/line.csv", lambda size: [b"text\n", *line(size)], "document", "too-long"),
        *(Bad(f"parquet/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.parquet", b"", "empty-file"),
            ("good.parquet", parquet(["A row of a table."]), "document"),
            ("cut.parquet", parquet(["A row of a table."] * 99)[:-20], "not-parquet"),
            ("csv.parquet", b"text,n\na,1\n", "not-parquet"),
            ("denied.parquet", parquet(["x"]), "unreadable"),
        ]),
        Bad("parquet/spaces.parquet", spaces, "not-parquet"),
        *(Bad(f"books/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.txt", b"", "empty-file"),
            ("empty.epub", b"", "empty-file"),
            ("nul.txt", b"A book\0 with NULs.", "binary"),
            ("png.txt", PNG, "binary"),
            ("deep.html", DEEP, "document"),
            ("denied.txt", b"A book.", "unreadable"),
        ]),
        Bad("books/spaces.txt", spaces, "empty"),
        Bad("books/line.txt", line, "document"),
        Bad("books/bomb.txt.gz", bomb, "bomb empty"),
        Bad("books/bomb.epub", lambda size: epub(spaces(size)), "too-large"),
        *(Bad(f"code/r/{name}", lambda _, data=data: data, outcome) for name, data, outcome in [
            ("empty.py", b"", "empty"),
            ("good.py", b"x = 1\n" * 40, "document"),
            ("nul.py", b"x = 1\0\n", "binary"),
            ("denied.py", b"x = 1\n", "unreadable"),
        ]),
        Bad("code/r/spaces.py", spaces, "too-large"),
        Bad("code/r/line.py", lambda _: [b"x = 1; " * 2000], "minified"),
    ]  # fmt: skip


def sources() -> list[dict[str, object]]:
    kinds = [("warc", "fast"), ("deep-resiliparse", "resiliparse"), ("deep-trafilatura", "trafilatura")]
    found: list[dict[str, object]] = [
        {"kind": "warc", "name": name, "paths": [f"bad/{name}"], "engine": engine} for name, engine in kinds
    ]
    found += [{"kind": kind, "name": kind, "paths": [f"bad/{kind}"]} for kind in ("jsonl", "csv", "parquet")]
    found.append({"kind": "books", "name": "books", "paths": ["bad/books/*"]})
    found.append({"kind": "code", "name": "code", "paths": ["bad/code/r"]})
    return [*found, {"kind": "jsonl", "name": "good", "paths": ["good.jsonl"]}]


def give_up_reading_everything() -> None:
    """Root may read what is forbidden; a program started after this may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def start(root: Path, *command: str, **more: str) -> subprocess.Popen[str]:
    """A command of this Python in a folder, that may not read files without permission."""
    return subprocess.Popen(
        [sys.executable, *command], cwd=root, env=small.environment(**more), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=give_up_reading_everything if os.geteuid() == 0 else None,
    )  # fmt: skip


def is_forbidden(path: Path) -> bool:
    """Whether a program that `start` starts can't read a file."""
    try:
        with start(path.parent, "-c", f"open({str(path)!r})") as child:
            child.communicate()
            return child.returncode != 0
    except subprocess.SubprocessError:  # not allowed to give anything up
        return False


INGEST = """
from pathlib import Path
from flows.run.plan import file_digests
from flows.run.prepare import StoreInputs, prepare
from flows.settings import load_settings
from flows.run.stage import run_node
from flows.store.store import Store
from tasks.io import remote_file
from tasks.io.retry import Patience
remote_file.PATIENCE = Patience(tries=2, stall=0.1, first=0.1)
settings = load_settings(Path("pipeline.yaml"))
store = Store(settings.store)
store.prepare()
with store.workspace("bad") as work:
    inputs = StoreInputs(store, settings.root, file_digests(store), {}, online=True)
    prepared = prepare("ingest", settings.configs["ingest"], inputs, {})
    run_node(prepared, store, work, lambda function, jobs: [function(*job) for job in jobs])
"""


def run(root: Path, *command: str) -> int:
    """Runs a command in a folder; the most MB that any of its processes had. A failure fails the test."""
    token, peak, done = f"bad-{root.name}-{os.getpid()}", 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            for process in small.processes_with(token):
                try:
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                if found := re.search(r"VmHWM:\s*(\d+)", status):
                    peak = max(peak, int(found[1]) >> 10)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with start(root, *command, SMELT_TOKEN=token, no_proxy="*") as child:
            output, _ = child.communicate(timeout=1500)
    finally:
        done.set()
        watcher.join()
    assert child.returncode == 0, output
    return peak


def rows(root: Path, node: str, output: str) -> list[dict[str, object]]:
    paths = sorted((root / "store" / node).glob(f"*/{output}/*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def write(root: Path, size: int, long: int) -> dict[str, set[str]]:
    """Writes everything and a pipeline of it; what is to come of each file. size: of bombs, long: of the rest, in MB."""
    wanted = {}
    for bad in everything():
        path = root / "bad" / bad.name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = bad.make(size if "bomb" in bad.name or "body" in bad.name else long)
        with path.open("wb") as file:
            file.writelines([made] if isinstance(made, bytes) else made)
        wanted[bad.name] = set((bad.large or bad.outcome if long >= 200 else bad.outcome).split())
    denied = [name for name in wanted if "denied" in name]
    for name in denied:
        (root / "bad" / name).chmod(0)
    if not is_forbidden(root / "bad" / denied[0]):
        for name in denied:
            (root / "bad" / name).unlink()
            del wanted[name]
    good = [{"id": str(n), "url": f"http://a.org/{n}", "text": small.tale(n)} for n in range(5)]
    (root / "good.jsonl").write_text("".join(json.dumps(row) + "\n" for row in good))
    settings = {"store": "store", "sample": None, "execution": {"workers": 1}, "ingest": {"sources": sources()},
                "filter": small.SETTINGS["filter"]}  # fmt: skip
    (root / "pipeline.yaml").write_text(yaml.safe_dump(settings))
    return wanted


def check(root: Path, wanted: dict[str, set[str]], peak: int) -> list[str]:
    """Holds the tables to what was to come; the ids of the documents."""
    found = {}
    for row in rows(root, "ingest", "files"):
        folder = {"code": "code/r", "good": ""}.get(str(row["source"]), row["source"])
        name = f"{folder}/{str(row['file']).removeprefix('r/')}"
        found[name] = {*json.loads(str(row["reasons"])), *(["document"] if row["documents"] else [])}
        print(f"{name}\t{' '.join(sorted(found[name]))}")
    del found["/good.jsonl"]
    assert set(found) == set(wanted)
    assert {name: reasons for name, reasons in found.items() if not reasons or reasons - wanted[name]} == {}
    ledger = rows(root, "ingest", "ledger")
    assert all(row["rule"] for row in ledger if row["verdict"] == "dropped")
    print(f"peak of a process: {peak} MB")
    assert 50 < peak < LIMIT
    return sorted(str(row["id"]) for row in ledger if row["verdict"] == "kept")


def test_every_bad_file_and_a_host_that_stalls_end_in_a_reason(tmp_path: Path) -> None:
    wanted = write(tmp_path, 160, 2)
    file = tmp_path / "pipeline.yaml"
    with StallingHost() as host:
        settings = yaml.safe_load(file.read_text())
        settings["ingest"]["sources"].append({"kind": "jsonl", "name": "stalling", "paths": [host.url]})
        file.write_text(yaml.safe_dump(settings))
        peak = run(tmp_path, "-c", INGEST)
    check(tmp_path, {**wanted, "stalling/rows.jsonl": {"no-answer"}}, peak)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_gigabyte_of_spaces_a_line_of_200_megabytes_and_bombs_end_in_reasons(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 12 << 30:
        pytest.skip("needs 12 GB of disk")
    wanted = write(tmp_path, 1024, 200)
    for name in ("warc", "jsonl", "csv", "parquet", "books", "code/r"):
        [path] = (tmp_path / "bad" / name).glob("spaces.*")
        with path.open("wb") as file:
            file.writelines(spaces(1024))
    documents = check(tmp_path, wanted, run(tmp_path, *small.COMMAND[1:], "run", "--to", "filter"))
    verdicts = rows(tmp_path, "filter", "ledger")
    assert sorted(str(row["id"]) for row in verdicts) == documents
    assert all(row["rule"] for row in verdicts if row["verdict"] == "dropped")
