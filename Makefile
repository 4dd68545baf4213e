# Everything starts here: `make run`, `make test`. Each installs what it needs into .venv first (.ci/install), once.
#
#   PYTHON=python3.12        the interpreter that .venv is made from
#   TORCH_INDEX=<url>        another build of the pinned torch (README.md, "CPU and CUDA")
#   ARGS='--set key=value'   more arguments, for `smelt run` or pytest

.PHONY: help run test quick bench lint install clean
.DEFAULT_GOAL := help
export PYTHON TORCH_INDEX

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: install  ## the whole pipeline on the sample corpus (or what pipeline.yaml says)
	@.venv/bin/smelt run $(ARGS)

test: install  ## the test suite
	@.venv/bin/python -m pytest -n auto --dist loadfile $(ARGS)

quick: install  ## some of every room's tests, in less than a minute: no training, no servers, no whole runs
	@.venv/bin/python -m pytest -n auto --dist loadfile --quick $(ARGS)

bench: install  ## the measured comparisons of tests/bench, minutes each; ONLY=minhash for one of them
	@for script in $(or $(ONLY:%=tests/bench/%.py),$(wildcard tests/bench/*.py)); do \
		echo "== $$script"; .venv/bin/python $$script || exit 1; done

lint: install  ## ruff and mypy
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

install:  ## .venv, with everything at the versions of constraints.txt
	@.ci/install

clean:  ## removes .venv and caches; artifacts and sample stay
	rm -rf .venv build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find flows tasks model tests -name __pycache__ -prune -exec rm -rf {} +
