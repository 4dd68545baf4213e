import os

import pytest

from tasks.document import DocumentWriter
from tasks.errors import StageError
from tasks.evaluate.config import Config
from tasks.evaluate.evaluation import evaluate_model


def config(*benchmarks, **settings) -> Config:
    return Config.model_validate({"benchmarks": benchmarks, "threads": 1, **settings})


def test_a_model_is_evaluated_by_its_folder_alone(model_folder):
    found = evaluate_model(model_folder, config(generate={"prompts": ["def "], "max_new_tokens": 5}))
    assert found.scores == {"benchmarks": {}}
    assert [set(row) for row in found.generations] == [{"prompt", "text"}]


def test_prompts_longer_than_the_window_are_continued_from_their_end(model_folder):
    settings = config(generate={"prompts": ["list " * 200, "def"], "max_new_tokens": 500})
    assert len(evaluate_model(model_folder, settings).generations) == 2


def test_a_folder_that_is_no_model_is_one_clear_error(tmp_path):
    with pytest.raises(StageError, match="not a model that can be evaluated"):
        evaluate_model(tmp_path, config("mmlu_mini"))


def test_a_model_without_its_tokenizer_is_one_clear_error(model, tmp_path):
    from model import convert

    convert.to_huggingface(model, tmp_path)
    with pytest.raises(StageError, match=str(tmp_path)):
        evaluate_model(tmp_path, config("mmlu_mini"))


def test_an_empty_validation_split_is_one_clear_error(model_folder, tmp_path):
    with DocumentWriter(tmp_path / "none.parquet"):
        pass
    with pytest.raises(StageError, match="no held-out text"):
        evaluate_model(model_folder, config(), documents=[tmp_path / "none.parquet"])


def test_the_process_environment_is_left_as_it_was(model_folder):
    import lm_eval  # noqa: F401  # which sets a variable of its own when it is first imported

    before = dict(os.environ)
    evaluate_model(model_folder, config({"name": "mmlu_mini", "limit": 1}))
    assert dict(os.environ) == before
