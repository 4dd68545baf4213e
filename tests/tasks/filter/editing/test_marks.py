"""Control characters and citation markers."""

import pytest

from tasks.filter.editing.marks import citation_edits, control_edits


def without(text, edits):
    data = text.encode()
    for start, end, replacement in reversed(list(edits)):
        data = data[:start] + replacement + data[end:]
    return data.decode()


def cleaned(text):
    return without(text, control_edits(text.encode(), range(len(text.encode()))))


def uncited(text, mode):
    return without(text, citation_edits(text.encode(), range(len(text.encode())), mode))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a\0b\x08c\x7fd\x80e", "abcde"),
        ("page\x0cpage\x0bline\x85line\x1cx\x1fy", "page\npage\nline\nline\nx y"),
        ("\x1b[31mred\x1b[0m and \x9b1mbold", "red and bold"),
        ("\ufeffstart\ufeff", "start"),
        (
            "tab\tline\nreturn\r\nstay, as do \u200b \u200d \xad",
            "tab\tline\nreturn\r\nstay, as do \u200b \u200d \xad",
        ),
    ],
)
def test_control_characters_go_and_separators_become_newlines(text, after):
    assert cleaned(text) == after


WIKI = "He was born in 1867.[1] His father,[2][3] a baker[4], died early.[12]\nHistory[edit]\nIt is so.[citation needed]"


def test_citations_of_an_encyclopedia_go():
    after = "He was born in 1867. His father, a baker, died early.\nHistory\nIt is so."
    assert uncited(WIKI, "careful") == uncited(WIKI, "all") == after


def test_subscripts_and_bibliographies_stay_unless_all_are_asked_for():
    program = "argv[1] is the first; a[0][1] the second. Use x[2], y[3]."
    assert uncited(program, "careful") == program
    assert uncited(program, "all") == "argv is the first; a the second. Use x, y."
    listed = "It ends.[1] It does.[2]\n[1] Smith 1990\n[2] Miller 1991, page [3] of (f[12345])"
    assert uncited(listed, "careful") == listed.replace(".[1]", ".").replace(".[2]", ".")


def test_one_marker_makes_no_encyclopedia():
    assert uncited("See the list.[1] It is long.", "careful") == "See the list.[1] It is long."
