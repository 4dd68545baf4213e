"""What holds for every test, and which of them `pytest --quick` leaves out."""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
# What trains, starts servers, runs the whole pipeline, or takes seconds for its many cases: folders, files, and tests by
# how their names begin. Every room keeps some of its tests.
HEAVY = (
    "fuzzing",
    "test_bad_input.py",
    "test_kill.py",
    "test_pipeline.py",
    "test_setup.py",
    "flows/report/test_page.py::test_a_run_with_many_sources",
    "flows/report/test_page.py::test_the_page_stays_small",
    "flows/run/test_server.py",
    "flows/store/test_remote.py",
    "model/test_convert.py",
    "model/test_loss.py::test_under_autocast",
    "model/test_transformer.py::test_a_model_made_on_meta",
    "model/test_transformer.py::test_it_compiles",
    "flows/test_new_stage.py",
    "tasks/test_jit.py",
    "tasks/test_kernels.py",
    "tasks/decontaminate/test_realdata.py",
    "tasks/decontaminate/test_views.py",
    "tasks/dedup/minhash/test_sketch.py",
    "tasks/dedup/paragraphs/test_duplicates.py",
    "tasks/dedup/test_laws.py",
    "tasks/dedup/test_memory.py",
    "tasks/dedup/test_nodes.py::test_the_order",
    "tasks/evaluate/harness/test_lm.py",
    "tasks/evaluate/harness/test_run.py",
    "tasks/evaluate/sandbox/test_parent.py::test_it_holds",
    "tasks/evaluate/sandbox/test_parent.py::test_no_exploit",
    "tasks/evaluate/sandbox/test_parent.py::test_plain_values",
    "tasks/evaluate/sandbox/test_parent.py::test_the_canaries",
    "tasks/evaluate/sandbox/test_parent.py::test_the_mini_problems",
    "tasks/evaluate/sandbox/test_parent.py::test_time_outs",
    "tasks/evaluate/test_evaluation.py::test_the_process_environment",
    "tasks/evaluate/test_node.py",
    "tasks/filter/editing/test_pii.py::test_the_plain_search",
    "tasks/filter/editing/test_scan.py",
    "tasks/filter/language/test_fasttext_kernel.py::test_models_of",
    "tasks/filter/test_judging.py::test_good_prose",
    "tasks/filter/text_signals/passes/test_counting.py::test_kernel_and_reference_agree_on_adv",
    "tasks/filter/text_signals/passes/test_counting.py::test_kernel_and_reference_agree_on_rep",
    "tasks/filter/text_signals/test_scoring.py",
    "tasks/ingest/books/test_html.py::test_hostile",
    "tasks/ingest/code/test_git.py",
    "tasks/ingest/code/test_languages.py::test_every_rule",
    "tasks/ingest/extract/blocks/test_features.py",
    "tasks/ingest/extract/blocks/test_scan.py",
    "tasks/ingest/extract/test_engines.py",
    "tasks/ingest/extract/test_metadata.py::test_hostile",
    "tasks/io/test_container.py",
    "tasks/sample/test_build.py",
    "tasks/ingest/tables/test_parquet.py",
    "tasks/ingest/test_bad_input.py",
    "tasks/ingest/test_listing.py",
    "tasks/ingest/test_reader_laws.py",
    "tasks/ingest/test_wrong_kinds_realdata.py",
    "tasks/pretrain/distributed/test_optimizer.py",
    "tasks/pretrain/distributed/test_ranks.py",
    "tasks/pretrain/test_guard.py",
    "tasks/pretrain/test_node.py",
    "tasks/pretrain/test_train.py",
    "tasks/text/test_folding.py::test_the_table",
    "tasks/tokenize/test_bpe.py::test_transformers",
    "tasks/tokenize/test_encoder.py::test_a_long_line",
)

# No deadline for an example: the first one may compile a kernel, and machines that run tests have other work.
settings.register_profile("smelt", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what tests/conftest.py calls heavy")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("quick" if config.getoption("quick") else "smelt")
    if gone := [name for name in HEAVY if not (HERE / name.partition("::")[0]).exists()]:
        raise pytest.UsageError(f"tests/conftest.py: HEAVY names what isn't there: {', '.join(gone)}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return (config.getoption("quick") and collection_path in [HERE / name for name in HEAVY]) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("quick"):
        left_out = [item for item in items if item.nodeid.removeprefix("tests/").startswith(HEAVY)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
