"""The node filter-classifier, and the score that filter-signals makes of what it leaves."""

import json
import random
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from folder_inputs import edits_file
from pydantic import ValidationError

from tasks.document import Document, DocumentWriter
from tasks.errors import ConfigError, StageError
from tasks.filter import classifier, signals, verdicts
from tasks.node import Input

GOOD = """
    harbour wall monks winter records abbey century merchants pier ships council fishing evening tide sailor
""".split()  # noqa: SIM905
BAD = """
    cheap shoes buy now click here discount casino login cart free shipping best price offer
""".split()  # noqa: SIM905
SMALL = {"dimension": 4, "buckets": 4096}


def texts(words, count, seed):
    rng = random.Random(seed)
    return [" ".join(rng.choices(words, k=30)) + "." for _ in range(count)]


class Inputs:
    """What the frame hands to `partition`: files of outputs, and of the user."""

    def __init__(self, root, **outputs):
        self.root, self.outputs = root, outputs

    def __getitem__(self, name):
        return [Input(name.split("/")[1], str(path), f"digest of {path.name}") for path in self.outputs[name]]

    def resolve(self, path):
        return self.root / path

    def file(self, path, name):
        return Input(name, str(path), f"digest of {path.read_bytes()[:9].hex()}")


@pytest.fixture
def folder(tmp_path):
    """good.jsonl, bad.parquet, and documents of two sources: reference (good) and crawl (bad)."""
    good, bad = texts(GOOD, 120, 1), texts(BAD, 150, 2)
    (tmp_path / "good.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in good))
    pq.write_table(pa.table({"body": bad}), tmp_path / "bad.parquet")
    for name, found in (("reference", good), ("crawl", bad)):
        with DocumentWriter(tmp_path / "documents" / f"{name}-00000.parquet") as writer:
            for number, text in enumerate(found):
                writer.add(Document(f"{name}{number}", text, source=name, kind="web"))
    return tmp_path


def inputs(folder):
    return Inputs(folder, **{classifier.DOCUMENTS: sorted((folder / "documents").iterdir())})


def shard_of(folder, **section):
    config = classifier.Config.model_validate({"quality": SMALL | section})
    (shard,) = classifier.partition(config, inputs(folder))
    return shard


def trained(folder, name="out", **section):
    out = folder / name
    out.mkdir()
    result = classifier.process(shard_of(folder, **section), out)
    return SimpleNamespace(out=out, metrics=result.metrics)


FILES = {"positives": ["good.jsonl"], "negatives": [{"path": "*.parquet", "column": "body"}]}


def test_it_learns_to_tell_the_sides_apart_and_says_how_well(folder):
    found = trained(folder, **FILES)
    metrics = found.metrics
    assert sorted(path.name for path in found.out.iterdir()) == ["classifier.bin", "held_out.parquet"]
    assert metrics["auc"] > 0.95
    assert metrics["positives"] | {"train": 0, "held_out": 0} == {"texts": 120, "unreadable": 0, "drawn": 120, "train": 0, "held_out": 0}  # fmt: skip
    assert metrics["positives"]["train"] + metrics["positives"]["held_out"] == 120
    assert metrics["negatives"]["train"] + metrics["negatives"]["held_out"] == 120  # of 150: balanced
    held = pq.read_table(found.out / "held_out.parquet")
    assert held.num_rows == metrics["positives"]["held_out"] + metrics["negatives"]["held_out"]
    assert [row["share"] for row in metrics["thresholds"]] == [0.1, 0.25, 0.5]
    assert metrics["epochs"] == 100  # of so few
    json.dumps(metrics)


def test_sources_teach_the_same_as_files_of_the_same_texts(folder):
    files = trained(folder, "files", **FILES)
    sources = trained(folder, "sources", positives=[{"source": "reference"}], negatives=[{"source": "crawl"}])
    assert (files.out / "classifier.bin").read_bytes() == (sources.out / "classifier.bin").read_bytes()


def test_its_identity_is_what_it_learns_from_and_how(folder):
    one = shard_of(folder, **FILES)
    (folder / "good.jsonl").rename(folder / "renamed.jsonl")
    moved = shard_of(folder, **FILES | {"positives": ["renamed.jsonl"]}, min_score=0.5)
    assert (one.config, [[f.digest for f in files] for files in one.inputs.values()]) == (
        moved.config, [[f.digest for f in files] for files in moved.inputs.values()],
    )  # fmt: skip
    assert shard_of(folder, **FILES | {"positives": ["renamed.jsonl"]}, epochs=6).config != one.config


def test_it_is_part_of_the_dag_only_where_it_learns(folder):
    for section, wanted in ((None, False), ({"model": "mine.bin"}, False), (FILES, True)):
        assert classifier.wanted(classifier.Config.model_validate({"quality": section})) is wanted


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"positives": ["good.jsonl"]}, "give positives and negatives"),
        ({"model": "m.bin", **FILES}, "either `model` or positives"),
        (
            {"positives": [{"path": "a", "source": "b"}], "negatives": ["c"]},
            "either a path or the name of a source",
        ),
        (FILES | {"positive_label": "hq"}, "positive_label is for a `model`"),
        (FILES | {"epoch": 5}, "epoch"),
    ],
)
def test_a_section_that_can_not_be_is_an_error(section, said):
    with pytest.raises(ValidationError, match=said):
        classifier.Config.model_validate({"quality": section})


def test_files_and_sources_that_are_not_there_are_named(folder):
    with pytest.raises(ConfigError, match=r"positives: 'no\.jsonl' matches no file"):
        shard_of(folder, positives=["no.jsonl"], negatives=["bad.parquet"])
    with pytest.raises(ConfigError, match="no source 'web'; it has crawl, reference"):
        shard_of(folder, positives=["good.jsonl"], negatives=[{"source": "web"}])


def test_a_file_that_gives_no_text_is_named_with_its_column(folder):
    with pytest.raises(StageError, match=r"bad\.parquet gave no text \(missing-column: 1\).*column 'text'"):
        trained(folder, positives=["good.jsonl"], negatives=["bad.parquet"])


def signal_rows(folder, section, classifier_file=None):
    files = sorted((folder / "documents").glob("*.parquet"))
    outputs = {"filter-edits/documents": files, "filter-edits/edits": [edits_file(file) for file in files]}
    if classifier_file:
        outputs["filter-classifier/classifier"] = [classifier_file]
    shards = signals.partition(signals.Config.model_validate({"quality": section}), Inputs(folder, **outputs))
    found = {}
    for shard in shards:
        out = folder / "signals" / shard.key
        out.mkdir(parents=True, exist_ok=True)
        signals.process(shard, out)
        found[shard.key] = pq.read_table(out / "signals.parquet")
    return shards, found


def test_the_score_is_a_column_of_the_signals_and_a_rule_may_look_at_it(folder):
    file = trained(folder, **FILES).out / "classifier.bin"
    shards, found = signal_rows(folder, SMALL | FILES, file)
    assert found["reference-00000"].column_names[-1] == "quality_score"
    assert sum(found["reference-00000"]["quality_score"].to_pylist()) / 120 > 0.8
    assert sum(found["crawl-00000"]["quality_score"].to_pylist()) / 150 < 0.2
    from tasks.filter import judge

    config = verdicts.Config.model_validate(
        {
            "profiles": {"fineweb": ["quality"], "code": ["code"], "books": ["books"]},
            "quality": FILES | {"min_score": 0.5},
        }
    )
    kept = judge(found["reference-00000"], "fineweb", config)
    dropped = judge(found["crawl-00000"], "fineweb", config)
    assert kept["verdict"].to_pylist().count("kept") > 110
    assert dropped["rule"].to_pylist().count("quality.min_score") > 140
    assert config.identity()["quality"] == {"min_score": 0.5}  # how it was trained is no part of the verdicts
    again = signals.partition(
        signals.Config.model_validate({"quality": SMALL | FILES | {"epochs": 9, "min_score": 0.9}}),
        Inputs(folder, **{"filter-edits/documents": [folder / "documents" / "crawl-00000.parquet"],
                          "filter-edits/edits": [folder / "documents" / "edits" / "crawl-00000.parquet"],
                          "filter-classifier/classifier": [file]}),
    )  # fmt: skip
    assert again[0].config == shards[0].config


def test_a_classifier_of_ones_own_is_loaded_with_its_label(folder):
    file = trained(folder, **FILES).out / "classifier.bin"
    section = {"model": str(file), "positive_label": "__label__negative"}
    _, found = signal_rows(folder, section)
    assert sum(found["crawl-00000"]["quality_score"].to_pylist()) / 150 > 0.8
    with pytest.raises(ConfigError, match=r"no file .*no\.bin"):
        signal_rows(folder, {"model": "no.bin"})


def test_without_a_classifier_there_is_no_column_and_no_side_input(folder):
    shards, found = signal_rows(folder, None)
    assert "quality_score" not in found["crawl-00000"].column_names
    assert set(shards[0].inputs) == {"documents", "edits", "language_model"}
    assert "quality" not in shards[0].config
    with pytest.raises(ValidationError, match=r"names 'quality', but the section filter\.quality is null"):
        verdicts.Config.model_validate({"profiles": {"fineweb": ["quality"], "code": [], "books": []}})
