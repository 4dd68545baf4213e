"""The report's last part: what exactly was made of what, and with which settings."""

from __future__ import annotations

import re
from typing import Any

from tasks.render import Content, Markup, excerpt, figures, one_line, table, tag
from tasks.story import Node, Run, Section, mapping, numeric, parts

_SECRET = re.compile(r"secret|password|passwd|credential|(^|_)(token|key)$|api_?key", re.IGNORECASE)
MOST_ROWS = 30


def artifacts(run: Run) -> Section:
    """Fingerprints, outputs with their content digests, inputs, packages: node by node."""
    nodes = [node for node in run.nodes.values() if node.manifest is not None]
    if not nodes:
        return parts.absent("artifacts", "Artifacts", "This run has made no artifact yet.")
    lead = "A fingerprint covers the code's version, the configuration and the content of the inputs."
    rows = [_artifact(node) for node in nodes]
    head = ["node", "fingerprint", "version", "packages", "outputs", "bytes", "shards", "made", "commit"]
    whole = table(head, rows, numeric=(4, 5, 6), class_="long artifacts")
    details = [tag("details", tag("summary", tag("b", node.name)), _detail(node)) for node in nodes]
    return Section("artifacts", "Artifacts", lead, [whole, parts.sub("Inputs and outputs", details)])


def _artifact(node: Node) -> list[Content]:
    manifest = node.manifest or {}
    payload, git = mapping(manifest.get("payload")), mapping(manifest.get("git"))
    outputs = mapping(manifest.get("outputs"))
    installed = mapping(payload.get("packages")).items()
    packages = ", ".join(
        f"{name} {version}" for name, version in installed if version not in (None, "absent")
    )
    size = sum(numeric(mapping(item).get("bytes")) or 0 for item in outputs.values())
    return [
        tag("b", node.name), parts.code(node.fingerprint), figures.number(payload.get("version")),
        one_line(packages, 120) or "–", figures.count(len(outputs)), figures.size(size),
        figures.count(len(manifest.get("shards") or [])), figures.when(str(manifest.get("end") or "")),
        parts.code(f"{git.get('commit') or ''}", 10),
    ]  # fmt: skip


def _detail(node: Node) -> Content:
    manifest = node.manifest or {}
    rows: list[list[Content]] = []
    for name, item in list(mapping(manifest.get("inputs")).items())[:MOST_ROWS]:
        rows.append(["in", one_line(name, 80), parts.code(mapping(item).get("digest"), 16), "", ""])
    for name, item in list(mapping(manifest.get("outputs")).items())[:MOST_ROWS]:
        item = mapping(item)
        files, size = (numeric(item.get(key)) for key in ("files", "bytes"))
        shown = tag("b", one_line(name, 80))
        rows.append(
            ["out", shown, parts.code(item.get("digest"), 16), figures.count(files), figures.size(size)]
        )
    return table(["", "name", "content", "files", "bytes"], rows, numeric=(3, 4))


def settings(run: Run) -> Section:
    """The pipeline's settings of this run."""
    found = mapping(run.record.get("settings"))
    if not found:
        return parts.absent("settings", "Settings", "The run's record holds no settings.")
    file = one_line(str(run.record.get("pipeline") or "the pipeline").rsplit("/", 1)[-1], 80)
    lead = f"What {file} and --set asked for; the rest is default."
    blocks = [tag("div", tag("h3", name), _settings(value), class_="block") for name, value in _blocks(found)]
    return Section("settings", "Settings", lead, tag("div", blocks, class_="settings"))


def _blocks(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Sections as they are, and the keys that stand alone as one."""
    alone = {name: value for name, value in found.items() if not isinstance(value, dict)}
    nested = [(one_line(name, 60), value) for name, value in found.items() if isinstance(value, dict)]
    return ([("pipeline", alone)] if alone else []) + nested[:40]


def _settings(value: Any) -> Markup:
    import yaml

    text = yaml.safe_dump(
        hide_secrets(value), sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return tag("pre", excerpt(text, 6000))


def hide_secrets(value: Any, depth: int = 0) -> Any:
    """The value with whatever a key's name calls a secret blotted out.

    >>> hide_secrets({"api_token": "x", "a": {"tokens": 1}})
    {'api_token': '•••', 'a': {'tokens': 1}}
    """
    if isinstance(value, dict) and depth < 12:
        return {
            one_line(name, 80): "•••"
            if _SECRET.search(str(name)) and isinstance(item, str)
            else hide_secrets(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list) and depth < 12:
        return [hide_secrets(item, depth + 1) for item in value[:200]]
    return value if isinstance(value, int | float | bool | None) else one_line(value, 400)


def footer(run: Run) -> Markup:
    """Where this comes from."""
    command = " ".join(str(part) for part in run.record.get("argv") or [] if not isinstance(part, dict))
    said = f"smelt {run.id}, {figures.when(run.record.get('start'))}"
    return tag("footer", tag("p", said), tag("p", tag("code", one_line(command, 300))) if command else None)
