"""What a stage tells its story with: a run's artifacts, rows of their tables, and what a section of the report is made of."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.story import parts, samples
    from tasks.story.counts import Edit, Passage, edits, funnel, passage
    from tasks.story.lookup import find, find_named, find_urls, is_id
    from tasks.story.parts import Section
    from tasks.story.passages import edit_samples, edit_table, edited
    from tasks.story.results import generations, interval, scores
    from tasks.story.run import Node, Run, json_object, mapping, numeric, read_json, seconds_of
    from tasks.story.samples import title
    from tasks.story.step import Step, Subject, edit_facts, judged, verdict_facts
else:
    __getattr__ = hand_on(__name__)
