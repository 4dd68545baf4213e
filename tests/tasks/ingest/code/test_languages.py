from __future__ import annotations

import pytest
from growth import assert_linear

from tasks.ingest.code.languages import by_content, by_name
from tasks.ingest.code.linguist import DATA, LANGUAGES, patterns


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("a.py", ("Python",)),
        ("deep/A.PY", ("Python",)),
        ("x.y/Makefile", ("Makefile",)),
        ("CMakeLists.txt", ("CMake",)),
        ("a.h", ("C", "C++", "Objective-C")),
        ("a.txt", ()),
        ("python", ()),
        (".py", ()),
    ],
)
def test_the_languages_of_a_name(name: str, languages: tuple[str, ...]) -> None:
    assert by_name(name) == languages


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.h", "int add(int a, int b);", "C"),
        ("a.h", "#include <vector>\nstd::vector<int> x;", "C++"),
        ("a.h", "#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end", "Objective-C"),
        ("a.m", "@implementation A\n@end", "Objective-C"),
        ("a.m", "function y = f(x)\n  y = x; % twice\nend", "MATLAB"),
        ("a.pl", "#!/usr/bin/perl\nmy $x = 1;", "Perl"),
        ("a.pl", "parent(X, Y) :- child(Y, X).", "Prolog"),
        ("a.pl", "print 1;", "Perl"),
        ("a.v", "module counter(input clk);\nendmodule", "Verilog"),
        ("a.v", "Theorem t : True.\nProof. auto. Qed.", "Coq"),
        ("a.v", "module main\n\nfn main() {}", "V"),
        ("a.ts", "export const x: number = 1", "TypeScript"),
        ("a.ts", '<?xml version="1.0"?><TS version="2.0">', "XML"),
        ("a.fs", "let x = 1", "F#"),
        ("a.fs", "uniform vec3 c;\nvoid main() {}", "GLSL"),
        ("a.inc", "<?php echo 1;", "PHP"),
        ("a.inc", "some words", None),
        ("a.cls", "\\NeedsTeXFormat{LaTeX2e}", "TeX"),
        ("a.cs", "class A {}", "C#"),
        ("a.l", ".TH LS 1", "Roff"),
        ("a.unknown", "x", None),
    ],
)
def test_where_a_name_is_ambiguous_the_content_decides(name: str, text: str, language: str | None) -> None:
    assert by_content(name, text) == language


def test_formats_of_data_are_among_the_languages() -> None:
    assert DATA < LANGUAGES


@pytest.mark.parametrize(
    "piece",
    ["\n", " \n", "\t", "~", "(", "!a ", "TARGET\n", "main(", "end ", "template\n", "class a", ":", "%"],
)
def test_every_rule_takes_linear_time(piece: str) -> None:
    def every_rule(text: str) -> None:
        for extension in patterns("heuristics"):
            by_content("a" + extension, text)

    assert_linear(every_rule, lambda size: piece * (size // len(piece)), 100_000)
