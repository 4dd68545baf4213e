from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from tasks.document import Document, Loss
from tasks.errors import ConfigError
from tasks.ingest import node
from tasks.ingest.code import git
from tasks.ingest.code.git_objects import blobs, entries, resolve
from tasks.node import Input

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

MIT = "The MIT License"
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"


def run(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    run(folder, "add", "-A")
    run(folder, "commit", "-qm", "x")
    return run(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits; the first is tagged v1. A file that isn't committed lies beside."""
    folder = tmp_path_factory.mktemp("repos") / "project"
    folder.mkdir()
    run(folder, "init", "-q")
    commit(folder, {"LICENSE": MIT.encode(), "src/a.py": b"x = 1\n"})
    run(folder, "tag", "v1")
    (folder / "link.py").symlink_to("src/a.py")
    (folder / "link.png").symlink_to("image.png")
    (folder / "COPYING").symlink_to("LICENSE")
    commit(
        folder,
        {
            "src/a.py": b"x = 2\n",
            "gpl/COPYING": GPL.encode(),
            "gpl/b.c": b"int x;\n",
            "node_modules/m/c.js": b"x\n",
            "big.py": b"y = 1\n" * 1000,
            "image.png": b"\x89PNG",
            "na\xefve.py".encode("latin-1").decode("utf-8", "surrogateescape"): b"z = 1\n",
        },
    )
    (folder / "untracked.py").write_text("no = 1\n")
    return folder


def read(folder: Path, revision: str = "HEAD", **keys) -> list[Document | Loss]:
    source = git.Source(name="g", paths=["."], revision=revision, **keys)
    return list(git.read(source, Input("project.git", str(folder), source.digest(folder) or ""), {}))


def shown(items: list[Document | Loss]) -> dict[str, str]:
    return {
        item.where: item.reason if isinstance(item, Loss) else item.metadata.get("licence", "")
        for item in items
        if isinstance(item, Loss)
    } | {
        f"{item.metadata['repository']}/{item.metadata['path']}": item.text
        for item in items
        if isinstance(item, Document)
    }


def test_what_is_committed_is_read_with_its_licences_and_reasons(checkout: Path) -> None:
    items = read(checkout, max_bytes=5000)
    assert shown(items) == {
        "project/src/a.py": "x = 2\n",
        "project/gpl/b.c": "int x;\n",
        "project/nave.py": "z = 1\n",
        "project/node_modules/m/c.js": "vendored",
        "project/big.py": "too-large",
        "project/link.py": "link",
        "project/COPYING": "link",
    }
    found = {item.metadata["path"]: item.metadata for item in items if isinstance(item, Document)}
    assert found["src/a.py"] == {
        "repository": "project", "path": "src/a.py", "language": "Python", "licence": "MIT",
        "revision": run(checkout, "rev-parse", "HEAD"), "group": "project/src",
    }  # fmt: skip
    assert found["gpl/b.c"]["licence"] == "GPL-3.0"


def test_a_bare_repository_and_a_tag_give_what_a_checkout_would(checkout: Path, tmp_path: Path) -> None:
    run(tmp_path, "clone", "-q", "--bare", str(checkout), "bare.git")
    assert shown(read(tmp_path / "bare.git")) == shown(read(checkout))
    assert shown(read(tmp_path / "bare.git", "v1")) == {"project/src/a.py": "x = 1\n"}


def test_ids_may_be_sha256(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--object-format=sha256", "project")
    assert len(commit(tmp_path / "project", {"LICENSE": MIT.encode(), "a.py": b"x = 1\n"})) == 64
    assert shown(read(tmp_path / "project")) == {"project/a.py": "x = 1\n"}


def test_more_files_than_are_asked_for_at_once_come_in_order(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = read(checkout)
    monkeypatch.setattr(git, "_AT_ONCE", 2)
    assert read(checkout) == items


def test_repositories_are_found_in_folders_and_known_by_their_commit(
    checkout: Path, tmp_path: Path, inputs
) -> None:
    (tmp_path / "org").mkdir()
    run(tmp_path, "clone", "-q", "--bare", str(checkout), "org/one.git")
    run(tmp_path, "clone", "-q", str(checkout), "org/two")
    (tmp_path / "org/readme.py").write_text("not = 'in a repository'\n")
    before = shards(inputs, "org")
    head = run(checkout, "rev-parse", "HEAD")
    assert [(file.name, file.digest) for file in before] == [
        ("one.git", f"git:{head}"),
        ("two", f"git:{head}"),
    ]
    assert [file.name for file in shards(inputs, "org/*.git")] == ["one.git"]
    assert [file.name for file in shards(inputs, "org/two")] == ["two"]
    run(tmp_path / "org/one.git", "repack", "-adq")
    assert shards(inputs, "org") == before
    commit(tmp_path / "org/two", {"new.py": b"n = 1\n"})
    after = shards(inputs, "org")
    assert after[0] == before[0]
    assert after[1] != before[1]


def shards(inputs, path: str, **keys) -> list[Input]:
    source = {"kind": "git", "name": "g", "paths": [path], **keys}
    made = node.partition(node.Config.model_validate({"sources": [source]}), inputs)
    return [file for shard in made for file in shard.inputs["files"]]


def test_a_whole_shard_has_a_ledger_that_adds_up(checkout: Path, tmp_path: Path, inputs) -> None:
    run(tmp_path, "clone", "-q", "--bare", str(checkout), "one.git")
    [shard] = node.partition(
        node.Config.model_validate({"sources": [{"kind": "git", "name": "g", "paths": ["one.git"]}]}), inputs
    )
    metrics = node.process(shard, tmp_path / "out").metrics
    assert (metrics["documents_in"], metrics["documents_out"]) == (7, 4)
    assert {reason: counts["documents"] for reason, counts in metrics["dropped"].items()} == {
        "link": 2,
        "vendored": 1,
    }


def test_a_link_in_place_of_a_repository_is_a_loss(checkout: Path, tmp_path: Path, inputs) -> None:
    run(tmp_path, "clone", "-q", "--bare", str(checkout), "org/one.git")
    (tmp_path / "org/elsewhere").symlink_to(checkout)
    (tmp_path / "org/shown").mkdir()
    (tmp_path / "org/shown/.git").symlink_to(checkout / ".git")
    for path in ("org", "org/*"):
        found = {file.name: file.digest for file in shards(inputs, path)}
        assert found == {
            "one.git": f"git:{run(checkout, 'rev-parse', 'HEAD')}",
            "elsewhere": "link",
            "shown": "link",
        }
    [named] = shards(inputs, "org/elsewhere")
    assert (named.path, named.digest[:4]) == (str(checkout), "git:")


def test_a_revision_that_is_not_there_is_a_loss(checkout: Path, tmp_path: Path) -> None:
    assert [item.reason for item in read(checkout, "v9")] == ["no-revision"]
    assert [item.reason for item in read(checkout, "--output=x")] == ["no-revision"]
    run(tmp_path, "init", "-q", "--bare", "empty.git")
    assert [item.reason for item in read(tmp_path / "empty.git")] == ["no-revision"]


def test_without_git_there_is_one_message(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match="needs git, and there is none on the PATH"):
        read(checkout)


def test_missing_and_damaged_objects_cost_themselves_only(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(checkout, folder, symlinks=True)
    for name, damage in (("src/a.py", None), ("gpl/b.c", b"garbage")):
        oid = run(folder, "rev-parse", f"HEAD:{name}")
        path = folder / ".git/objects" / oid[:2] / oid[2:]
        path.chmod(0o644)
        path.unlink() if damage is None else path.write_bytes(damage)
    found = shown(read(folder))
    assert found["project/src/a.py"] == "missing-object"
    assert found["project/gpl/b.c"] in ("damaged-object", "missing-object")
    assert found["project/big.py"].startswith("y = 1")
    tree = run(folder, "rev-parse", "HEAD:src")
    (folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
    assert "damaged-repository" in [item.reason for item in read(folder) if isinstance(item, Loss)]


def test_what_a_repository_s_configuration_asks_for_is_not_done(checkout: Path, tmp_path: Path) -> None:
    """A partial clone fetches what is missing through any program that its configuration names."""
    folder = tmp_path / "hostile"
    shutil.copytree(checkout, folder, symlinks=True)
    run(folder, "config", "core.repositoryFormatVersion", "1")
    run(folder, "config", "extensions.partialClone", "origin")
    run(folder, "config", "remote.origin.url", f"ext::sh -c touch% {tmp_path}/ran")
    run(folder, "config", "remote.origin.promisor", "true")
    run(folder, "config", "protocol.ext.allow", "always")
    oid = run(folder, "rev-parse", "HEAD:src/a.py")
    (folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    found = shown(read(folder))
    assert found["project/src/a.py"] in ("damaged-object", "missing-object")
    assert found["project/gpl/b.c"] == "int x;\n"
    assert not (tmp_path / "ran").exists()


def test_replacement_refs_do_not_change_what_an_id_means(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "replaced"
    shutil.copytree(checkout, folder, symlinks=True)
    run(
        folder, "replace", run(folder, "rev-parse", "HEAD:src/a.py"), run(folder, "rev-parse", "HEAD:gpl/b.c")
    )
    assert shown(read(folder))["project/src/a.py"] == "x = 2\n"


def test_an_object_beyond_the_limit_is_passed_over(checkout: Path) -> None:
    oids = {entry.path: entry.oid for entry in entries(checkout, resolve(checkout, "HEAD") or "") if entry}
    asked = [oids["big.py"], oids["src/a.py"], "0" * 40, oids["gpl/b.c"]]
    assert list(blobs(checkout, asked, 10)) == ["too-large", b"x = 2\n", "missing-object", b"int x;\n"]


def test_the_commits_gitattributes_and_first_lines_count(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    run(folder, "init", "-q")
    commit(
        folder,
        {
            ".gitattributes": b"*.foo linguist-language=Python\n/out/** linguist-generated\n",
            "lib/.gitattributes": b"*.py linguist-vendored\n",
            "a.foo": b"x = 1\n",
            "out/b.py": b"x = 2\n",
            "lib/c.py": b"x = 3\n",
            "tool": b"#!/bin/sh\necho\n",
            "README": b"What this is.\n",
        },
    )
    (folder / ".gitattributes").write_text("* linguist-vendored\n")  # not committed
    assert shown(read(folder)) == {
        "project/a.foo": "x = 1\n",
        "project/out/b.py": "generated",
        "project/lib/c.py": "vendored",
        "project/tool": "#!/bin/sh\necho\n",
        "project/README": "language",
    }
    assert set(shown(read(folder, extensions=[".py"]))) == {"project/out/b.py", "project/lib/c.py"}


@pytest.mark.parametrize(
    ("stored", "outcome"),
    [
        (b"blob 7\0x = 2\n", "damaged-object"),
        (b"blob 7\0x = 3\n", "damaged-object"),
        (b"blob 6\0x = 3\n", "damaged-object"),
        (b"blob 5\0x = 2\n", "damaged-object"),
        (b"blob 2147483647\0x = 2\n", "too-large"),
        (b"blob 0\0", "damaged-object"),
    ],
)
def test_a_blob_that_is_not_what_its_id_says_is_damaged_and_nobody_waits_for_its_rest(
    checkout: Path, tmp_path: Path, stored: bytes, outcome: str
) -> None:
    """`git cat-file` names the size that stands first in an object, and then passes on what there is."""
    folder = tmp_path / "copy"
    shutil.copytree(checkout, folder, symlinks=True)
    oid = run(folder, "rev-parse", "HEAD:src/a.py")
    path = folder / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(stored))
    found = shown(read(folder))
    assert found["project/src/a.py"] == outcome
    assert found["project/big.py"].startswith("y = 1")
