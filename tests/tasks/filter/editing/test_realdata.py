"""Edits of real text: the fast way finds what the slow one finds, and little is taken out of clean text."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.filter.editing.config import SAMPLES
from tasks.filter.editing.editor import Change, Editor, edit_texts
from tasks.filter.editing.pii import find_all
from tasks.filter.edits import Config

FOLDER = Path(__file__).parents[4].parent / "shared/data/corpora"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no {FOLDER}"),
]


def texts(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line)["text"] for line in lines]


@pytest.mark.parametrize("name", ["techdocs", "cc-main-2019"])
def test_personal_data_of_real_documents_is_found_without_looking_everywhere(name):
    [path, *_] = sorted((FOLDER / name).glob("*.jsonl.gz"))
    some = [text[max(0, at - 300) : at + 300] for text in texts(path) if (at := text.find("@")) >= 0][:200]
    edited = edit_texts(
        pa.array(some, pa.large_string()), ["web"] * len(some), Editor(Config().edits, Config().pii)
    )
    fast = [
        [taken for rule, taken, _ in edited.changed.get(n, Change()).first if rule == "pii.email"]
        for n in range(len(some))
    ]
    slow = [
        [text.encode()[s:e] for s, e, rule in find_all(text.encode()) if rule == "email"] for text in some
    ]
    assert fast == [found[:SAMPLES] for found in slow]
    assert sum(map(len, slow)) >= 10


def test_manuals_lose_nothing_but_addresses():
    manuals = texts(FOLDER / "techdocs/techdocs.jsonl.gz")
    edited = edit_texts(
        pa.array(manuals, pa.large_string()), ["web"] * len(manuals), Editor(Config().edits, Config().pii)
    )
    taken = [
        (size, rule) for change in edited.changed.values() for rule, (_, size, _) in change.counts.items()
    ]
    assert sum(size for size, _ in taken) < 4000  # of 12 MB
    assert {rule for _, rule in taken} <= {
        "pii.email",
        "pii.ip",
        "edits.control_characters",
        "edits.boilerplate",
    }
