from __future__ import annotations

import pytest
from growth import assert_linear

from tasks.ingest.code.attributes import NOTHING, Attributes, Tree

ROOT = """# linguist-generated in a comment
*.inc linguist-language=PHP
/docs/** linguist-vendored
lib/*.js linguist-vendored=true linguist-generated
lib/own.js -linguist-vendored linguist-generated=false
*.gen.* linguist-generated # and what git takes for more attributes
**/snapshots/*.snap linguist-generated
"with space.hh" linguist-language=C++
\\#odd linguist-language=Objective-C
[attr]macro linguist-vendored
!not.py linguist-vendored
folder/ linguist-vendored
*.foo linguist-language=No-Such-Language
*.[ch] linguist-language=objc
*.txt text=auto
"""
TREE = Tree({"": ROOT, "sub/deep": "*.inc linguist-language=Pascal\n*.gen.* !linguist-generated\n"})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a.inc", Attributes(language="PHP")),
        ("x/y/a.inc", Attributes(language="PHP")),
        ("sub/deep/a.inc", Attributes(language="Pascal")),
        ("sub/deep/er/a.inc", Attributes(language="Pascal")),
        ("sub/a.inc", Attributes(language="PHP")),
        ("docs/a.py", Attributes(vendored=True)),
        ("docs/x/y.py", Attributes(vendored=True)),
        ("docs", NOTHING),
        ("x/docs/a.py", NOTHING),
        ("lib/a.js", Attributes(vendored=True, generated=True)),
        ("lib/own.js", Attributes(vendored=False, generated=False)),
        ("lib/x/a.js", NOTHING),
        ("x/lib/a.js", NOTHING),
        ("x/a.gen.go", Attributes(generated=True)),
        ("sub/deep/a.gen.go", NOTHING),
        ("snapshots/a.snap", Attributes(generated=True)),
        ("x/y/snapshots/a.snap", Attributes(generated=True)),
        ("with space.hh", Attributes(language="C++")),
        ("#odd", Attributes(language="Objective-C")),
        ("a.c", Attributes(language="Objective-C")),
        ("folder/a.py", NOTHING),
        ("not.py", NOTHING),
        ("a.foo", NOTHING),
        ("a.txt", NOTHING),
    ],
)
def test_the_last_line_of_the_nearest_file_counts(path: str, said: Attributes) -> None:
    assert TREE.of(path) == said


def test_hostile_patterns_take_time_in_proportion_to_their_stars() -> None:
    def tree(stars: int) -> Tree:
        names, folders = "*a" * stars + "b", "**/" * stars + "x"
        return Tree({"": f"{names} linguist-vendored\n" * 50 + f"{folders} linguist-vendored\n"})

    path = "/".join(["a" * 250] * 16)
    assert tree(128).of(path) == NOTHING
    assert_linear(lambda tree: tree.of(path), tree, 128)
