import pytest

from model import ModelConfig


def test_what_is_left_out_is_derived():
    config = ModelConfig(vocab_size=100, hidden_size=96, heads=6)
    assert (config.kv_heads, config.head_dim, config.intermediate_size) == (6, 16, 256)


def test_null_is_derived_too():
    config = ModelConfig(vocab_size=100, hidden_size=96, heads=6, kv_heads=None, head_dim=None)
    assert config == ModelConfig(vocab_size=100, hidden_size=96, heads=6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 5}, "hidden_size 64 is no multiple of heads 5"),
        ({"heads": 4, "kv_heads": 3}, "heads 4 is no multiple of kv_heads 3"),
        ({"head_dim": 7}, "head_dim 7 is odd"),
        ({"layer": 3}, "Extra inputs are not permitted"),
        ({"layers": 0}, "greater than or equal to 1"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig(**({"vocab_size": 100, "hidden_size": 64} | change))


def test_a_shape_is_plain_data():
    config = ModelConfig(vocab_size=100, kv_heads=2)
    assert ModelConfig.model_validate(config.model_dump(mode="json")) == config


def test_the_package_is_imported_without_torch():
    import subprocess
    import sys

    code = "import sys, model; model.ModelConfig(vocab_size=9); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
