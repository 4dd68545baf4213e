"""Git repositories of which one file is mutated: objects, packs, references, configuration."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zlib
from functools import cache
from pathlib import Path
from random import Random

from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import mutate
from fuzzing.readers import check_items, check_shard, temporary
from fuzzing.tokens import GIT_TOKENS

from tasks.ingest.code import git
from tasks.node import Input, Shard


@cache
def _repository() -> Path:
    """A small repository with loose and packed objects, a link and a licence; made once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-git-"))
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("AUTHOR", "COMMITTER"):
        env |= {
            f"GIT_{name}_NAME": "x",
            f"GIT_{name}_EMAIL": "x@example.com",
            f"GIT_{name}_DATE": "1600000000 +0000",
        }
    work = folder / "work"
    (work / "sub").mkdir(parents=True)
    for number, data in enumerate(seeds.sources()[1:5]):
        (work / f"a{number}.py").write_bytes(data)
    (work / "sub/LICENSE").write_text("MIT License")
    (work / "sub/b.py").write_text("x = 1\n" * 50)
    (work / "link.py").symlink_to("a0.py")

    def run(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(work), *arguments], env=env, check=True, capture_output=True)

    run("init", "-q", "-b", "main")
    run("add", "-A")
    run("commit", "-qm", "x")
    run("gc", "-q")
    (work / "a0.py").write_text("y = 2\n")
    run("commit", "-qam", "y")
    shutil.rmtree(work / ".git/hooks")
    return work / ".git"


def _git(draw: Random) -> Case:
    root = _repository()
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    files = [name for name in files if not name.startswith(("logs", "info", "COMMIT", "description"))]
    name = draw.choice(files)
    data = (root / name).read_bytes()
    if name.startswith("objects/") and len(name) == 49 and draw.random() < 0.7:  # a loose object, deflated
        data = zlib.compress(mutate(draw, zlib.decompress(data), [], GIT_TOKENS))
    else:
        data = mutate(draw, data, [], GIT_TOKENS)
    return Case("git", data, {"kind": "git", "file": name})


def check_git(case: Case) -> None:
    with temporary() as folder:
        shutil.copytree(_repository(), folder / "r/.git")
        changed = folder / "r/.git" / case.settings["file"]
        changed.chmod(0o644)
        changed.write_bytes(case.data)
        source = git.Source(name="x", paths=["."])
        file = Input("r", str(folder / "r"), source.digest(folder / "r") or "")
        items, again = (list(git.read(source, file, {})) for _ in range(2))
        check_items(items)
        assert items == again
        check_shard(Shard("x", source.identity(), {"files": [file]}), items, folder / "out")


REPOSITORIES = {"git": Target(_git, check_git, 2)}
