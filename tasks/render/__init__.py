"""Figures, charts and text as people read them."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.render import charts, figures
    from tasks.render.markup import Content, Markup, join, raw, table, tag
    from tasks.render.series import Series, read_lines, read_series
    from tasks.render.terminal import add_row, text_table
    from tasks.render.text import excerpt, one_line, printable
else:
    __getattr__ = hand_on(__name__)
