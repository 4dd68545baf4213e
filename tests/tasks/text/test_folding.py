"""The folding table against the rule that it was made by, where the running Python knows the same Unicode."""

import subprocess
import sys
import unicodedata

import pytest

from tasks.text.folding import FOLDING, PATH, UNICODE, fold, folded_character, folded_points, table

ROOT = PATH.parents[2]
same_unicode = pytest.mark.skipif(
    unicodedata.unidata_version != UNICODE, reason=f"this Python's Unicode is {unicodedata.unidata_version}"
)


@same_unicode
def test_the_table_is_what_the_running_python_would_write():
    assert table() == PATH.read_text(encoding="ascii")


@same_unicode
def test_characters_fold_by_the_table_as_by_the_rule():
    listed = dict(folded_points())
    for point in (*range(0x3400), *range(0xA000, 0xD800), *range(0xE000, 0x20000)):
        assert listed.get(point, " ") == fold(chr(point)), hex(point)


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        *(("É", "e"), ("-", " "), ("ﬁ", "fi"), ("٣", "3"), ("\u0301", ""), ("漢", " 漢 "), ("\0", " ")),
        *(("한", "\u1112\u1161\u11ab"), ("가", "\u1100\u1161"), ("ß", "ss"), ("ς", "σ"), ("ẞ", "ss")),
        *(("½", "1 2"), ("İ", "i"), ("ก", " ก "), ("\ufffd", " "), ("\U0010ffff", " "), ("\ud800", " ")),
    ],
)
def test_a_character_folds_to(character: str, expected: str):
    assert folded_character(character) == expected


def test_the_table_is_the_same_under_any_unicode():
    """Characters that a later version knows are borders until the table is made anew."""
    program = (
        "import unicodedata\n"
        "unicodedata.normalize = unicodedata.category = unicodedata.digit = None\n"
        "from tasks.text.folding import folded_points\n"
        "print(len(dict(folded_points())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == len(dict(folded_points())) > 100_000


def test_the_version_that_shards_are_keyed_on_names_unicode():
    assert UNICODE in FOLDING
    assert PATH.read_text(encoding="ascii").startswith(f"# Unicode {UNICODE},")
