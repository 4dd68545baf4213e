"""CPU seconds from ingest to decontaminate, and of plans, over many small JSON Lines files, at three sizes each.

    python tests/bench/many_files.py [FILES] [PLANNED FILES]        default 2500 5000: n, 2n and 4n of each

Every file has 3 documents of random words (those of Python's manual, as often as there), so that most pass the
filter. CPU is of the command with its children, once the kernels are compiled: NUMBA_CACHE_DIR should be set, and a
run over 100 files goes before. `smelt plan` reads a store whose nodes up to decontaminate are made, the memory of
digests with it: when nothing changed, and when one file of the input did. The artifacts of the plans' store are made
up to 5,000 by copies of ingest's manifest under other fingerprints.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from pydoc_data.topics import topics

import yaml

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = 5000


def make(folder: Path, files: int) -> None:
    """Files 00000.jsonl and on, each the same however many there are; written long enough ago to be remembered."""
    words = [word for text in topics.values() for word in text.split() if word.isalpha()]
    folder.mkdir(parents=True)
    for number in range(files):
        draw = random.Random(number)
        rows = [{"id": str(row), "text": text(words, draw)} for row in range(3)]
        path = folder / f"{number:05d}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        os.utime(path, (1e9, 1e9))
    time.sleep(2.1)


def text(words: list[str], draw: random.Random) -> str:
    sentences = (" ".join(draw.choices(words, k=draw.randint(6, 14))).capitalize() for _ in range(12))
    return "\n".join(f"{sentence}." for sentence in sentences)


def pipeline(folder: Path) -> Path:
    settings = yaml.safe_load((ROOT / "pipeline.yaml").read_text())
    source = {"kind": "jsonl", "name": "many", "paths": ["input"], "columns": {"text": "text", "id": "id"}}
    settings |= {"store": "store", "sample": None, "ingest": {"sources": [source]}}
    file = folder / "pipeline.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


def smelt(*arguments: str) -> tuple[float, float, str]:
    """CPU and wall seconds of a command, its children's with it, and what it said."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, "-m", "flows.cli", *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - clock, done.stdout


def run(folder: Path, files: int) -> float:
    make(folder / "input", files)
    return smelt("run", "-f", str(pipeline(folder)), "--to", "decontaminate")[0]


def more_artifacts(store: Path) -> None:
    manifests = list(store.glob("*/*/manifest.json"))
    for number in range(ARTIFACTS - len(manifests)):
        manifest = manifests[number % len(manifests)]
        value = json.loads(manifest.read_text())
        value |= {"fingerprint": f"{number:064x}", "shards": [], "files": value["files"][:1], "end": "2000"}
        copy = manifest.parent.with_name(value["fingerprint"])
        copy.mkdir()
        (copy / "manifest.json").write_text(json.dumps(value))


def plans(folder: Path) -> tuple[float, float]:
    """Wall seconds of a plan of which nothing changed, and of one with a changed file; the least of three."""
    arguments = ("plan", "-f", str(folder / "pipeline.yaml"), "--to", "decontaminate")
    same = min(smelt(*arguments)[1] for _ in range(3))
    changed = []
    for number in range(3):
        (folder / "input" / "00007.jsonl").write_text(json.dumps({"text": "x" * number}))
        changed.append(smelt(*arguments)[1])
    return same, min(changed)


def main() -> None:
    files, planned = (int(value) for value in (sys.argv[1:] + ["2500", "5000"][len(sys.argv) - 1 :])[:2])
    with tempfile.TemporaryDirectory() as name:
        run(Path(name) / "warm", 100)
        for count in (files, 2 * files, 4 * files) if files else ():
            folder = Path(name) / str(count)
            print(f"run {count} files\t{run(folder, count):.1f}\tCPU s", flush=True)
            shutil.rmtree(folder)
        for count in (planned, 2 * planned, 4 * planned) if planned else ():
            folder = Path(name) / str(count)
            run(folder, count)
            more_artifacts(folder / "store")
            same, changed = plans(folder)
            print(f"plan {count} files, nothing changed\t{same:.2f}\ts", flush=True)
            print(f"plan {count} files, one changed\t{changed:.2f}\ts", flush=True)
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
