"""Generated programs, run apart."""

from tasks.evaluate.sandbox.parent import run_problem

__all__ = ["run_problem"]
