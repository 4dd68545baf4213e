"""A commit's files out of a packed repository: the git program, a thousand at once, and libgit2 where pygit2 is there.

    python tests/bench/git_objects.py [FOLDER ...]

The repository holds the folders' files, by default the Python library's, in three commits. CPU seconds are this
process's and its children's; both in turn, medians.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from tasks.ingest.code.git_objects import REGULAR, blobs, entries, resolve

ROUNDS, AT_ONCE, LIMIT = 5, 1000, 1 << 20


def repository(path: Path, folders: list[str]) -> None:
    names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull} | {
        f"GIT_{name}": "x" for name in names
    }

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "gc.auto=0", *arguments], cwd=path, env=env, check=True)

    path.mkdir()
    git("init", "-q")
    for number, folder in enumerate(folders):
        ignored = shutil.ignore_patterns("site-packages", "__pycache__", "*.so*")
        shutil.copytree(folder, path / str(number), ignore=ignored)
    files = sorted(path.rglob("*.py"))
    for changed in ([], files[::3], files[1::3]):
        for file in changed:
            file.write_bytes(b"# changed\n" + file.read_bytes())
        git("add", "-A")
        git("commit", "-qm", "x")
    git("gc", "-q")


def program(path: Path, commit: str) -> int:
    oids = (entry.oid for entry in entries(path, commit) if entry and entry.mode in REGULAR)
    size = 0
    while some := list(itertools.islice(oids, AT_ONCE)):
        size += sum(len(blob) for blob in blobs(path, some, LIMIT) if isinstance(blob, bytes))
    return size


def library(path: Path, commit: str) -> int:
    import pygit2

    def total(tree: object) -> int:
        size = 0
        for entry in tree:  # type: ignore[attr-defined]
            if entry.type_str == "tree":
                size += total(entry)
            elif entry.type_str == "blob" and entry.size <= LIMIT:
                size += len(entry.data)
        return size

    return total(pygit2.Repository(str(path / ".git"))[commit].tree)


def spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(times.ru_utime + times.ru_stime for times in used)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        repository(path, sys.argv[1:] or [sysconfig.get_paths()["stdlib"]])
        commit = resolve(path, "HEAD") or ""
        ways = [program] + ([library] if importlib.util.find_spec("pygit2") else [])
        print(f"files\t{sum(1 for _ in entries(path, commit))}\t")
        rounds: dict[str, list[tuple[float, float]]] = {way.__name__: [] for way in ways}
        for _, way in itertools.product(range(ROUNDS), ways):
            wall, cpu = time.perf_counter(), spent()
            size = way(path, commit)
            rounds[way.__name__].append((time.perf_counter() - wall, spent() - cpu))
        for name, times in rounds.items():
            for unit, values in zip(("s wall", "s CPU"), zip(*times, strict=True), strict=True):
                print(f"{name}, {size / 1e6:.0f} MB\t{statistics.median(values):.2f}\t{unit}")
    if len(ways) == 1:
        print("library\tskipped\tpygit2 is not installed")


if __name__ == "__main__":
    main()
