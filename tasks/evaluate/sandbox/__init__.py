"""Generated programs, run apart."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.evaluate.sandbox.canaries import check_sandbox
    from tasks.evaluate.sandbox.parent import Problem, run_problem, run_problems
else:
    __getattr__ = hand_on(__name__)
