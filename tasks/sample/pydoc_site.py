"""The documentation site that `pydoc` serves, without a trace of the machine it runs on.

A program of its own: run by the base interpreter as `python -s -S -P pydoc_site.py`, with a fixed hash seed
and an otherwise empty environment. It writes its port to standard output and serves on loopback until
standard input ends.

pydoc prints live values: the environment, paths, addresses of objects, the platform. What would differ
between two machines with the same Python is emptied before pydoc is imported, or replaced in its pages.
"""

from __future__ import annotations

import os
import posix
import sys

# Modules that do something when they are imported, or that aren't documentation.
LEFT_OUT = frozenset(
    [
        *("antigravity", "this", "idlelib", "test", "turtledemo", "lib2to3", "pydoc_data"),
        *("__hello__", "__phello__", "_aix_support", "_osx_support", "_bootsubprocess", "sitecustomize"),
    ]
)
LEFT_OUT_ANYWHERE = frozenset(["__main__", "test", "tests", "idle_test"])
ROBOTS = "User-agent: *\n" + "".join(
    f"Disallow: /{path}\n" for path in ["get?key=", "getfile?key=", "search?key=", *sorted(LEFT_OUT)]
)


def served(name: str) -> bool:
    """Whether the page of a module, "package.module", is part of the site."""
    parts = name.split(".")
    return (
        parts[0] in sys.stdlib_module_names
        and parts[0] not in LEFT_OUT
        and LEFT_OUT_ANYWHERE.isdisjoint(parts)
    )


def forget_the_machine() -> None:
    """Empties what tells of the environment; before anything else is imported."""
    os.environ.clear()
    posix.environ.clear()
    sys.argv = [""]
    sys.orig_argv = ["python"]
    sys.path = [path for path in sys.path if "site-packages" not in path and "dist-packages" not in path]


def neutral(page: str, replacements: list[tuple[str, str]]) -> str:
    """A page with addresses, paths and build strings replaced by fixed ones."""
    import re

    for found, instead in replacements:
        page = page.replace(found, instead)
    page = re.sub(r"\bat( |&nbsp;)0x[0-9A-Fa-f]{4,}", r"at\g<1>0x0", page)
    page = re.sub(r"\bhandle [0-9a-f]{6,}\b", "handle 0", page)
    # What sys knows of the running program is cut short by pydoc, so it can't be replaced by value.
    page = re.sub(
        r"(<strong>(?:modules|path_importer_cache)</strong> = )[^\n]*?(?=<br>|</td>)", r"\1{...}", page
    )
    return re.sub(r"\bstarted( daemon)? \d+\b", r"started\1", page)


def replacements() -> list[tuple[str, str]]:
    """(what differs between installations of one Python version, what to write instead), longest first."""
    import html

    library = os.path.dirname(os.__file__)
    paths = {
        os.path.dirname(os.path.abspath(__file__)): "/site",
        os.getcwd(): "/home",
        library: "/python/lib",
    }
    for path in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix):
        if path not in ("/usr", "/usr/local", "/", ""):
            paths[path] = "/python"
    if sys.executable:
        paths[sys.executable] = "/python/bin/python"
        paths[os.path.realpath(sys.executable)] = "/python/bin/python"
    paths = {path: name for path, name in paths.items() if len(path) > 1}
    found = sorted(paths.items(), key=lambda item: -len(item[0]))
    found += [(os.path.realpath(path), name) for path, name in found if os.path.realpath(path) != path]
    version = ".".join(map(str, sys.version_info[:3]))
    build = [" [any build, any compiler]", "<br>any platform"]
    versions = [html.escape(sys.version), html.escape(repr(sys.version))[1:-1]]
    return [*((text, "") for text in build), *((text, version) for text in versions), *found]


def documentation():
    """A function from (path, content type) to a page, as pydoc's server wants it."""
    import builtins
    import pkgutil
    import platform
    import pydoc

    # pydoc's head line; only what the version alone decides.
    platform.platform = lambda *_, **__: "any platform"
    platform.python_build = lambda: ("any build", "")
    platform.python_compiler = lambda: "any compiler"
    iter_modules = pkgutil.iter_modules

    def iter_served(path=None, prefix=""):
        for info in iter_modules(path, prefix):
            top = path and any(
                os.path.basename(str(folder)) in ("lib-dynload", library_name) for folder in path
            )
            if served(info.name) if top else info.name not in LEFT_OUT_ANYWHERE:
                yield info

    library_name = os.path.basename(os.path.dirname(os.__file__))
    pkgutil.iter_modules = iter_served
    known = replacements()
    names = canonical_topics(pydoc.Helper)

    def page(path: str, content_type: str = "text/html") -> str:
        path = path.lstrip("/")
        if path == "robots.txt":
            return ROBOTS
        if (
            path.endswith(".html")
            and path[:-5] not in ("index", "topics", "keywords")
            and not served(path[:-5])
        ):
            return "<!DOCTYPE html><title>Pydoc: Error - not part of this site</title>"
        text = neutral(pydoc._url_handler(path, content_type), known)  # type: ignore[attr-defined]
        if path.startswith("topic?key="):
            key = path.removeprefix("topic?key=")
            original = "builtins.html" if hasattr(builtins, key) else f"topic?key={names.get(key, key)}"
            text = text.replace("</title>", f'</title>\n<link rel="canonical" href="{original}">', 1)
        return text

    return page


def canonical_topics(helper) -> dict[str, str]:
    """Topic or keyword -> one name for all that show the same text ("and", "or", "BOOLEAN": "BOOLEAN")."""
    entries = {**helper.keywords, **helper.topics}

    def label(name: str) -> str:
        entry = entries.get(name, "")
        return label(entry) if isinstance(entry, str) and entry and entry != name else (entry or (name,))[0]

    labels = {name: label(name) for name in entries}
    first: dict[str, str] = {}
    for name in sorted(labels):  # capitals, the topics, come first
        first.setdefault(labels[name], name)
    return {name: first[labels[name]] for name in labels}


def main() -> None:
    forget_the_machine()
    import pydoc

    server = pydoc._start_server(documentation(), "127.0.0.1", 0)  # type: ignore[attr-defined]
    print(server.docserver.server_port if server.docserver else server.error, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
