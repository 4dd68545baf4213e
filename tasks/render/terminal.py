"""Tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def text_table(*columns: str, right: tuple[int, ...] = (), title: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.pad_edge, table.collapse_padding = False, True
    for at, name in enumerate(columns):
        figure = at in right
        table.add_column(name, justify="right" if figure else "left", no_wrap=figure, header_style="dim")
    return table


def add_row(table: Table, *cells: str | tuple[str, str]) -> None:
    """A row of texts, each alone or with a style; never markup, whatever brackets they hold."""
    from rich.text import Text

    table.add_row(*(Text(*cell) if isinstance(cell, tuple) else Text(cell) for cell in cells))
