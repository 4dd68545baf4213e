import os

import pytest

from flows.store.store import Miss, Store, exchange, output_of, seal
from tasks.errors import ConfigError


def made(store, text="hello", node="filter", fingerprint="f1"):
    """Commits an artifact of one file and returns its manifest."""
    out = store.root / ".work" / f"w-{text}-{fingerprint}"
    (out / "documents").mkdir(parents=True)
    (out / "documents" / "one.txt").write_text(text)
    files = seal(out)
    outputs = {"documents": {"digest": files[0]["digest"], "files": 1, "bytes": len(text)}}
    manifest = {
        "format": 1,
        "node": node,
        "fingerprint": fingerprint,
        "payload": {},
        "files": files,
        "outputs": outputs,
        "end": "1",
    }
    store.commit_artifact(node, fingerprint, out, manifest, replace=False)
    return manifest


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    store.prepare()
    return store


def test_an_artifact_is_found_after_its_commit_and_its_files_are_read_only(store):
    made(store)
    found = store.lookup("filter", "f1")
    assert found["files"][0]["path"] == "documents/one.txt"
    assert os.stat(store.artifact("filter", "f1") / "documents/one.txt").st_mode & 0o222 == 0


def test_what_was_never_made_is_a_miss(store):
    assert store.lookup("filter", "f1") == Miss("no artifact")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "documents/one.txt").unlink(), "documents/one.txt is missing"),
        (
            lambda folder: os.truncate(folder / "documents/one.txt", 2),
            "documents/one.txt has 2 bytes instead of 5",
        ),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: os.truncate(folder / "manifest.json", 20), "manifest.json is unreadable"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest.json has another format"),
    ],
)
def test_a_damaged_artifact_is_a_miss_with_its_reason(store, damage, reason):
    made(store)
    for path in store.artifact("filter", "f1").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
    damage(store.artifact("filter", "f1"))
    assert store.lookup("filter", "f1").reason.startswith(reason)


def test_the_loser_of_a_race_discards_an_equal_artifact(store):
    made(store)
    made(store)
    assert isinstance(store.lookup("filter", "f1"), dict)
    assert not (store.root / ".attempts").exists()


def test_a_different_artifact_replaces_the_former_which_is_kept(store):
    made(store, "first")
    made(store, "other")
    assert (store.artifact("filter", "f1") / "documents/one.txt").read_text() == "other"
    assert (store.root / ".attempts/filter/f1/1/documents/one.txt").read_text() == "first"


def test_verify_sees_a_changed_byte_that_keeps_the_size(store):
    made(store)
    path = store.artifact("filter", "f1") / "documents/one.txt"
    path.chmod(0o644)
    path.write_text("jello")
    assert isinstance(store.lookup("filter", "f1"), dict)
    assert any("checksum differs" in line for line in store.verify("filter", "f1"))


def test_workspaces_of_dead_owners_are_swept_and_those_of_living_ones_kept(store):
    dead = store.root / ".work" / "dead"
    dead.mkdir(parents=True)
    (dead / "half-written").write_text("x")
    with store.workspace("mine") as mine:
        assert not dead.exists()
        store.sweep()
        assert mine.exists()
    assert not mine.exists()


def test_a_store_of_another_format_is_refused(tmp_path):
    (tmp_path / "format").write_text("99\n")
    with pytest.raises(ConfigError, match="format 99"):
        Store(tmp_path).prepare()


def test_two_folders_change_places_in_one_step(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    exchange(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "one" / "two").exists()
    assert (tmp_path / "two" / "one").exists()


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("documents/00-web.parquet", "documents"),
        ("clusters.parquet", "clusters"),
        ("model/config.json", "model"),
    ],
)
def test_the_output_of_a_file_is_the_first_part_of_its_path(path, output):
    assert output_of(path) == output
