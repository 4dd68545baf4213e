"""Examples for the quality classifier: what is read, drawn, held out."""

import gzip
import itertools
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.document import Loss
from tasks.errors import StageError
from tasks.filter.quality.examples import Draw, format_of, read_texts, split, write_training_file
from tasks.node import Input


def drawn(folder, name, texts, **options):
    draw = Draw(folder / name, **{"most": 1000, "seed": 1, "prefix": 1000, "held_out": 0.2} | options)
    for text in texts:
        draw.add(text)
    return draw


def lines(draw, examples):
    return [draw.line(item).decode() for item in examples]


def test_every_format_gives_its_texts(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(
        gzip.compress(b'{"body": "one"}\n{"body": 3}\nno json\n{"body": "two"}\n')
    )
    pq.write_table(pa.table({"body": ["three", None, "four"]}), tmp_path / "b.parquet")
    (tmp_path / "c.txt").write_bytes(b"five\nsix\n\nseven\r\n")
    found = {
        path.name: list(read_texts(Input(format_of(path), str(path), ""), "body", "line"))
        for path in tmp_path.iterdir()
    }
    texts = {name: [item for item in items if not isinstance(item, Loss)] for name, items in found.items()}
    assert texts["a.jsonl.gz"] == ["one", "two"]
    assert [item.reason for item in found["a.jsonl.gz"] if isinstance(item, Loss)] == ["bad-text", "bad-json"]
    assert texts["b.parquet"] == ["three", "four"]
    assert texts["c.txt"] == ["five", "six", "", "seven\n"]


@pytest.mark.parametrize(
    ("sample_by", "texts"),
    [("paragraph", ["one\ntwo", "\nthree"]), ("document", ["one\ntwo\n\nthree"])],
)
def test_plain_text_is_cut_as_asked(tmp_path, sample_by, texts):
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n\nthree")
    assert list(read_texts(Input("text", str(path), ""), "text", sample_by)) == texts


def test_what_is_drawn_depends_on_texts_and_seed_alone(tmp_path):
    texts = [f"text number {n}" for n in range(500)]
    one = drawn(tmp_path, "one", texts, most=50)
    again = drawn(tmp_path, "again", [text for text in reversed(texts) for _ in range(3)], most=50)
    other = drawn(tmp_path, "other", texts, most=50, seed=2)
    nothing = drawn(tmp_path, "nothing", [])
    chosen = [lines(draw, draw.without(nothing)) for draw in (one, again, other)]
    assert len(chosen[0]) == 50
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0]) & set(chosen[2])) < 20
    whole = drawn(tmp_path, "whole", texts)
    assert lines(whole, whole.without(nothing))[:50] == chosen[0]


def test_a_text_is_held_out_by_its_hash_and_never_also_learned_from(tmp_path):
    good = drawn(tmp_path, "good", [f"good {n}" for n in range(300)] * 2)
    bad = drawn(tmp_path, "bad", [f"bad {n}" for n in range(400)] + [f"good {n}" for n in range(10)])
    found = split(good, bad)
    assert found.ambiguous == 10
    sizes = {label: (len(found.train[label]), len(found.held_out[label])) for label in found.train}
    assert {sum(pair) for pair in sizes.values()} == {290}
    assert all(30 < held < 90 for _, held in sizes.values())
    assert good.read["repeated"] == 300
    write_training_file(tmp_path / "train.txt", found, {"positive": good, "negative": bad})
    written = (tmp_path / "train.txt").read_text().splitlines()
    held = lines(good, found.held_out["positive"]) + lines(bad, found.held_out["negative"])
    assert len(written) == 580 - len(held)
    assert not {line.split(" ", 1)[1] for line in written} & set(held)
    labels = [line.split(" ", 1)[0] for line in written]
    assert 5 < sum(a != b for a, b in itertools.pairwise(labels)) / len(labels) * 20 < 15  # mixed


def test_too_few_examples_are_refused_with_their_numbers(tmp_path):
    good = drawn(tmp_path, "good", [f"good {n}" for n in range(10)])
    bad = drawn(tmp_path, "bad", [f"bad {n}" for n in range(400)])
    with pytest.raises(StageError, match="10 different positives and 400 negatives"):
        split(good, bad)


def test_a_text_without_a_word_is_no_example(tmp_path):
    draw = drawn(tmp_path, "good", ["", " \n\t", "word"])
    assert (len(draw), draw.read["empty"], draw.read["texts"]) == (1, 2, 1)
    assert json.dumps(draw.read)
