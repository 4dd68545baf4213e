"""Figures, charts and text as people read them."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.render import charts, figures
    from flows.render.charts import Axis, Line, Mark, axis, line_chart
    from flows.render.markup import Content, Markup, join, raw, table, tag
    from flows.render.series import Series, read_lines, read_series
    from flows.render.text import excerpt, one_line, printable
else:
    __getattr__ = hand_on(__name__)
