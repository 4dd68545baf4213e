"""The language of a script by its first line, `#!/usr/bin/env python3`, under linguist's names."""

from __future__ import annotations

import re

# Language: interpreters, without version numbers. Linguist's, of the languages in `languages`.
_TABLE = """
Awk: awk gawk mawk nawk
Clojure: bb
Common Lisp: sbcl ccl clisp ecl lisp
Crystal: crystal
D: rdmd
Dart: dart
Elixir: elixir
Erlang: escript
F#: fsharpi
Fish: fish
Forth: gforth
Groovy: groovy
Haskell: runghc runhaskell runhugs
JavaScript: node nodejs qjs d8 rhino gjs
Julia: julia
Kotlin: kotlin
Lua: lua luajit
Makefile: make
Nix: nix-shell
OCaml: ocaml ocamlrun ocamlscript
PHP: php
Pascal: instantfpc
Perl: perl cperl
PowerShell: pwsh
Prolog: swipl yap
Python: python pypy
R: Rscript
Racket: racket
Raku: raku perl6
Ruby: ruby jruby rake macruby rbx
Scala: scala
Scheme: scheme guile bigloo chicken csi gosh r6rs
Shell: sh bash dash ash ksh mksh pdksh zsh bats rc
Swift: swift
Tcl: tclsh wish
TypeScript: ts-node deno tsx bun
"""
_BY_INTERPRETER = {
    name: language
    for language, _, names in (line.partition(": ") for line in _TABLE.split("\n") if line)
    for name in names.split()
}
LANGUAGES = frozenset(_BY_INTERPRETER.values())
_VERSION = re.compile(r"[-.\d]+$")
_EXEC = re.compile(r"^[ \t]*exec[ \t]+(\S+)", re.MULTILINE)
_LINES = 5  # in which a shell script may hand itself to another interpreter
_CHARACTERS = 2000


def by_shebang(text: str) -> str | None:
    """The language of the interpreter that a text's first line names; None without one, or of one not known.

    `env` and its options are passed over; a shell that hands the script on in its first lines counts for nothing.

    >>> by_shebang("#!/usr/bin/env -S python3.11 -u\\n"), by_shebang("#! /bin/sh\\nexec tclsh $0"), by_shebang("x")
    ('Python', 'Tcl', None)
    """
    if not text.startswith("#!"):
        return None
    head = text[2:_CHARACTERS]
    words = head.partition("\n")[0].split()
    if words and _base(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    found = _language(words[0]) if words else None
    if found == "Shell":
        lines = "\n".join(head.split("\n")[1:_LINES])
        handed = (_language(word.strip("\"'")) for word in _EXEC.findall(lines))
        found = next((language for language in handed if language), found)
    return found


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _language(path: str) -> str | None:
    name = _base(path)
    return _BY_INTERPRETER.get(name) or _BY_INTERPRETER.get(_VERSION.sub("", name))
