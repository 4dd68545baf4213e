"""lm-evaluation-harness, run on our model."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.evaluate.harness.run import run_benchmarks
else:
    __getattr__ = hand_on(__name__)
