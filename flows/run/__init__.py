"""One run: what it would do, doing it, and what is written of it."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.run.context import RunContext, batches, open_run, run_jobs
    from flows.run.engine import is_transient
    from flows.run.markdown import funnel_table, stage_markdown
    from flows.run.plan import Selection, make_plan
    from flows.run.server import prefect_api
    from flows.run.supervisor import supervise
else:
    __getattr__ = hand_on(__name__)
