"""What past runs left, read again."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.history import samples
    from flows.history.counts import Edit, Passage, edits, funnel, passage
    from flows.history.lookup import find, find_named, find_urls, is_id
    from flows.history.runs import Node, Run, load_run, mapping, numeric
    from flows.history.samples import title
    from flows.history.summary import (
        add_row,
        generations,
        interval,
        print_status,
        print_summary,
        scores,
        status_data,
        text_table,
    )
else:
    __getattr__ = hand_on(__name__)
