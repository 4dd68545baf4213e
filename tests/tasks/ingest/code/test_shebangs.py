from __future__ import annotations

import pytest

from tasks.ingest.code import languages, linguist, shebangs


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("#!/bin/sh", "Shell"),
        ("#!/usr/bin/env python3", "Python"),
        ("#! /usr/local/bin/python2.7 -u", "Python"),
        ("#!/usr/bin/env -S PYTHONPATH=lib python3.11 -u", "Python"),
        ("#!/usr/bin/perl -w", "Perl"),
        ("#!/usr/bin/env -S deno run", "TypeScript"),
        ("#!/bin/sh\n# \\\nexec tclsh \"$0\" \"$@\"", "Tcl"),
        ("#!/bin/sh\nexec java -jar x.jar", "Shell"),
        ("#!/opt/own/interpreter", None),
        ("#!", None),
        ("#!/usr/bin/env", None),
        ("# !/bin/sh", None),
    ],
)  # fmt: skip
def test_the_interpreter_names_the_language(line: str, language: str | None) -> None:
    assert shebangs.by_shebang(line) == language


def test_every_language_is_one_that_file_names_know() -> None:
    assert shebangs.LANGUAGES <= linguist.LANGUAGES


def test_a_whole_name_goes_before_the_first_line_and_that_before_the_extension() -> None:
    assert languages.by_content("Makefile", "#!/usr/bin/env python3\n") == "Makefile"
    assert languages.by_content("a.cgi", "#!/usr/bin/env python3\n") == "Python"
    assert languages.by_content("a.cgi", "#!/opt/own/interpreter\n") == "Perl"
    assert languages.by_content("tool", "echo\n") is None
