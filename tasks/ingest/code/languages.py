"""Programming languages of files, under linguist's names: by file name and extension, where several by content."""

from __future__ import annotations

import re

from tasks.ingest.code.shebangs import by_shebang

# Language: extensions, and whole file names. Names and extensions are GitHub linguist's, of the languages in use.
_TABLE = """
ActionScript: .as
Ada: .ada .adb .ads
Agda: .agda
Apex: .cls .trigger
AppleScript: .applescript
AsciiDoc: .adoc .asciidoc
Assembly: .asm .s .nasm
Awk: .awk .gawk
Batchfile: .bat .cmd
Bicep: .bicep
C: .c .h .idc
C#: .cs .csx
C++: .cpp .cc .cxx .c++ .hpp .hh .hxx .h++ .h .inl .ipp .tpp .ixx .cppm
CMake: .cmake CMakeLists.txt
COBOL: .cob .cbl .cobol
CSS: .css
Clojure: .clj .cljs .cljc .edn
CoffeeScript: .coffee .cjsx
Common Lisp: .lisp .lsp .cl .l .asd
Coq: .v .coq
Crystal: .cr
Cuda: .cu .cuh
Cython: .pyx .pxd .pxi
D: .d .di
Dart: .dart
Dockerfile: .dockerfile Dockerfile Containerfile
Elixir: .ex .exs
Elm: .elm
Emacs Lisp: .el
Erlang: .erl .hrl .es .escript
F#: .fs .fsi .fsx
Fish: .fish
Forth: .forth .4th .fth .fs
Fortran: .f .f77 .for .ftn
Fortran Free Form: .f90 .f95 .f03 .f08
GDScript: .gd
GLSL: .glsl .vert .frag .geom .tesc .tese .comp .fs .vs
Gherkin: .feature
Go: .go
GraphQL: .graphql .gql
Groovy: .groovy .gradle .gvy Jenkinsfile
HCL: .hcl .tf .tfvars .nomad
HLSL: .hlsl .fx .fxh
HTML: .html .htm .xhtml
HTML+ERB: .erb
Hack: .hack .hh .php
Haskell: .hs .lhs .hsc
Haxe: .hx
IDL: .pro
Idris: .idr
Isabelle: .thy
Java: .java
Java Server Pages: .jsp
JavaScript: .js .mjs .cjs .jsx .es .es6
Jinja: .jinja .jinja2 .j2
Julia: .jl
Kotlin: .kt .kts
Lean: .lean
Less: .less
Lex: .l .lex
Liquid: .liquid
Lua: .lua .rockspec
MATLAB: .m
Makefile: .mk .mak Makefile makefile GNUmakefile
Markdown: .md .markdown .mkd
Metal: .metal
Mojo: .mojo
Nim: .nim .nims
Nix: .nix
OCaml: .ml .mli .mll .mly
Objective-C: .m .h
Objective-C++: .mm
OpenCL: .cl .opencl
Org: .org
PHP: .php .phtml .php3 .php4 .php5 .inc
PLSQL: .pls .pkb .pks .plsql
Pascal: .pas .dpr .lpr .pp .inc
Perl: .pl .pm .t .perl .cgi .psgi
PowerShell: .ps1 .psm1 .psd1
Prolog: .pl .pro .prolog
Protocol Buffer: .proto
Puppet: .pp
PureScript: .purs
Python: .py .pyi .pyw .wsgi SConstruct SConscript
QML: .qml
QMake: .pro .pri
R: .r .rd .rsx
Racket: .rkt .rktl
Raku: .raku .rakumod .p6 .pm6
ReScript: .res .resi
Roff: .1 .2 .3 .5 .7 .8 .man .l
Ruby: .rb .rake .gemspec .ru .podspec Rakefile Gemfile Podfile Vagrantfile
Rust: .rs
SCSS: .scss
SQL: .sql .ddl
Sass: .sass
Scala: .scala .sbt .sc
Scheme: .scm .ss .sld .sls
Shell: .sh .bash .zsh .ksh .bats .command
Smalltalk: .st .cs
Solidity: .sol
Standard ML: .sml .sig .fun .ml
Starlark: .bzl .star BUILD WORKSPACE BUILD.bazel
Stylus: .styl
SuperCollider: .sc .scd
Svelte: .svelte
Swift: .swift
SystemVerilog: .sv .svh
TSX: .tsx
Tcl: .tcl .tk
TeX: .tex .sty .cls .ltx .dtx .ins
Thrift: .thrift
Twig: .twig
TypeScript: .ts .mts .cts
V: .v .vsh
VBA: .bas .cls .frm
VHDL: .vhd .vhdl
Verilog: .v .veo
Vim Script: .vim .vimrc
Visual Basic .NET: .vb
Vue: .vue
WGSL: .wgsl
WebAssembly: .wat .wast
Wolfram Language: .wl .wls .nb .m .mt
Yacc: .y .yacc
Zig: .zig
reStructuredText: .rst .rest
CSV: .csv .tsv
INI: .ini .cfg
JSON: .json .jsonl .geojson .webmanifest
Jupyter Notebook: .ipynb
SVG: .svg
TOML: .toml
XML: .xml .xsd .xsl .xslt .ts .tsx .csproj .plist
YAML: .yml .yaml
"""
# Formats of data: taken only when `languages` names them.
DATA = frozenset(
    {"CSV", "INI", "JSON", "Jupyter Notebook", "SVG", "TOML", "XML", "YAML", "Roff", "Wolfram Language"}
)


def _read_table() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    found: dict[str, list[str]] = {}
    languages = []
    for line in _TABLE.strip().splitlines():
        language, _, names = line.partition(": ")
        languages.append(language)
        for name in names.split():
            found.setdefault(name.lower() if name.startswith(".") else name, []).append(language)
    return {name: tuple(languages) for name, languages in found.items()}, frozenset(languages)


_BY_NAME, LANGUAGES = _read_table()


def _rule(language: str, pattern: str) -> tuple[str, re.Pattern[str]]:
    # `^\s*` would go from each of many empty lines through all the rest: `^[^\S\n]*` says the same of one line.
    return language, re.compile(pattern, re.MULTILINE)


# Extensions of several languages: the first whose pattern is found, else the last word of the line, a default.
_CPP = (
    r"^[ \t]*(?:template\s*<|namespace\b|class\s+\w+|using\s+\w|(?:public|private|protected)\s*:|constexpr\b)|"
    r"\bstd::\w|^[ \t]*#[ \t]*include\s*<(?:\w+stream|string|vector|map|memory|functional|algorithm|c\w+|utility)>"
)
_OBJECTIVE_C = r"^[ \t]*(?:@(?:interface|class|protocol|property|implementation|end)\b|#import\s)"
_PERL = (
    r"^[ \t]*(?:use\s+(?:strict|warnings|v?5|[A-Z]\w*)|package\s+[\w:]+;|sub\s+\w+|my\s+[$@%])|^#!.*\bperl"
)
_CONTENT: dict[str, tuple[list[tuple[str, re.Pattern[str]]], str | None]] = {
    ".h": ([_rule("Objective-C", _OBJECTIVE_C), _rule("C++", _CPP)], "C"),
    ".m": (
        [
            _rule("Objective-C", _OBJECTIVE_C + r"|^[ \t]*#[ \t]*(?:include|define)\b"),
            _rule("Wolfram Language", r"\(\*|:=\s|\bModule\["),
            _rule("MATLAB", r"^[ \t]*(?:%|function\b|end\b|for\b)|\.\.\.$"),
        ],
        "MATLAB",
    ),
    ".pl": ([_rule("Perl", _PERL), _rule("Prolog", r"^[^#\n]*:-")], "Perl"),
    ".pro": (
        [
            _rule("QMake", r"^[ \t]*(?:TEMPLATE|HEADERS|SOURCES|CONFIG|QT|TARGET)\s*[+-]?="),
            _rule("IDL", r"^[ \t]*(?i:function|pro|compile_opt)\s+\w+"),
            _rule("Prolog", r"^[^#\n]*:-"),
        ],
        None,
    ),
    ".v": (
        [
            _rule("Coq", r"\b(?:Proof|Qed|Defined)\.|^[ \t]*(?:Require|Theorem|Lemma|Inductive|Fixpoint)\b"),
            _rule("Verilog", r"^[ \t]*(?:module\s+\w+\s*[#(;]|endmodule\b)|`(?:define|timescale|include)\b|\balways\s*@"),
            _rule("V", r"^[ \t]*(?:pub\s+)?fn\s+\w|^module\s+\w+$"),
        ],
        "Verilog",
    ),
    ".ts": ([_rule("XML", r"\A\s*(?:<\?xml|<!DOCTYPE TS|<TS\b)")], "TypeScript"),
    ".tsx": ([_rule("XML", r"\A\s*(?:<\?xml|<tileset\b)")], "TSX"),
    ".fs": (
        [
            _rule("GLSL", r"^[ \t]*(?:#version|precision|uniform|varying|vec[234]|void\s+main)\b"),
            _rule("Forth", r"^(?:: \w|\\ )"),
        ],
        "F#",
    ),
    ".inc": ([_rule("PHP", r"<\?(?:php)?"), _rule("Pascal", r"^[ \t]*(?i:unit|procedure|function|const|type)\b")], None),
    ".cls": (
        [
            _rule("TeX", r"^[ \t]*(?:%|\\(?:NeedsTeXFormat|ProvidesClass|LoadClass|RequirePackage))"),
            _rule("VBA", r"^VERSION \d|^Attribute VB_"),
        ],
        "Apex",
    ),
    ".cs": ([_rule("Smalltalk", r"![\w\s]+methodsFor: ")], "C#"),
    ".hh": ([_rule("Hack", r"<\?hh")], "C++"),
    ".php": ([_rule("Hack", r"<\?hh")], "PHP"),
    ".es": ([_rule("Erlang", r"^[ \t]*(?:%%|main\s*\(.*?\)\s*->)|^#!.*escript")], "JavaScript"),
    ".l": (
        [
            _rule("Common Lisp", r"^[^\S\n]*\((?:def|in-package|let)"),
            _rule("Roff", r"^\.\s?(?:TH|SH|PP|Dd|\\\")"),
            _rule("Lex", r"^%(?:[%{}xs]|option)"),
        ],
        None,
    ),
    ".cl": ([_rule("Common Lisp", r"^[^\S\n]*\((?i:def|in-package|let)")], "OpenCL"),
    ".ml": ([_rule("Standard ML", r"\bend\s*=\s*struct|^[^\S\n]*(?:structure|functor|signature)\s")], "OCaml"),
    ".pp": ([_rule("Pascal", r"^[^\S\n]*end[.;]")], "Puppet"),
    ".sc": ([_rule("SuperCollider", r"\^(?:this|super)\.|^[^\S\n]*~\w+\s*=")], "Scala"),
    ".d": ([_rule("Makefile", r"\A[^\n]*:[^\n]*\\$")], "D"),
}  # fmt: skip


def by_name(name: str) -> tuple[str, ...]:
    """The languages that a file of this name can be in; usually one, none if it isn't known.

    >>> by_name("src/a.py"), by_name("x/Makefile"), by_name("a.pl"), by_name("a.jpg")
    (('Python',), ('Makefile',), ('Perl', 'Prolog'), ())
    """
    base = name.rpartition("/")[2]
    whole = () if base.startswith(".") else _BY_NAME.get(base, ())
    return whole or _BY_NAME.get(extension(base), ())


def extension(name: str) -> str:
    """A name's extension in lower case, with its dot; "" without one."""
    base, dot, last = name.rpartition("/")[2].rpartition(".")
    return f".{last.lower()}" if base and dot else ""


def may_be_script(name: str) -> bool:
    """Whether only its first line can say what language a file is in: its name is unknown and has no extension.

    >>> may_be_script("bin/tool"), may_be_script("Makefile"), may_be_script("a.jpg"), may_be_script(".profile")
    (True, False, False, False)
    """
    base = name.rpartition("/")[2]
    return "." not in base and not by_name(base)


def by_content(name: str, text: str) -> str | None:
    """The language of a file: linguist's order is the whole name, the first line's interpreter, the extension.

    Where an extension allows several, the first 50,000 characters decide.

    >>> by_content("a.pl", "use strict;"), by_content("a.pl", "parent(X) :- child(X)."), by_content("a.h", "int x;")
    ('Perl', 'Prolog', 'C')
    >>> by_content("tool", "#!/usr/bin/env ruby"), by_content("a.sh", "#!/usr/bin/perl -w"), by_content("tool", "x")
    ('Ruby', 'Perl', None)
    """
    candidates = by_name(name)
    if text.startswith("#!") and name.rpartition("/")[2] not in _BY_NAME and (found := by_shebang(text)):
        return found
    if len(candidates) < 2 or extension(name) not in _CONTENT:
        return candidates[0] if candidates else None
    rules, default = _CONTENT[extension(name)]
    start = text[:50_000]
    return next((language for language, pattern in rules if pattern.search(start)), default)
