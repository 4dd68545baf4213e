"""The benchmarks: their definitions, formats and items. decontaminate searches the items, evaluate scores them."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.benchmarks.benchmark import (
        BUILT_IN,
        Benchmark,
        Item,
        data_files,
        data_source,
        load_items,
        load_task,
        named_files,
        resolved,
        task_file,
    )
    from tasks.benchmarks.data import hub_error
else:
    __getattr__ = hand_on(__name__)
