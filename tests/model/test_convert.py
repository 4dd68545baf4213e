import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from model import ModelConfig, Transformer, convert, generate


def small(**changes) -> ModelConfig:
    shape = {"vocab_size": 97, "hidden_size": 32, "layers": 2, "heads": 4, "max_sequence_length": 64}
    return ModelConfig(**(shape | changes))


SHAPES = {
    "multi-head": {},
    "grouped-query": {"kv_heads": 2},
    "multi-query": {"kv_heads": 1},
    "untied": {"tie_embeddings": False, "kv_heads": 2},
    "wide heads": {"head_dim": 16},
    "qk-norm": {"qk_norm": True, "kv_heads": 2},
    "qk-norm untied": {"qk_norm": True, "tie_embeddings": False, "kv_heads": 1, "head_dim": 24},
    "another base": {"rope_theta": 500000.0, "norm_eps": 1e-5},
}


def scrambled(config: ModelConfig) -> Transformer:
    """A model whose norms and embeddings are far from their initial values, so that a swap would show."""
    torch.manual_seed(3)
    model = Transformer(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return model.eval()


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES.keys())
def test_transformers_computes_the_same_logits_and_the_same_greedy_continuation(tmp_path, changes):
    from transformers import AutoModelForCausalLM

    model = scrambled(small(**changes))
    convert.to_huggingface(model, tmp_path)
    theirs, loading = AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float32, output_loading_info=True
    )
    assert not loading["missing_keys"]
    assert not loading["unexpected_keys"]
    tokens = torch.randint(0, 97, (3, 40), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert (model(tokens) - theirs(tokens).logits).abs().max() <= 1e-4
    prompt = [5, 17, 3, 80]
    continued = theirs.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, 4),
        max_new_tokens=32,
        do_sample=False,
        pad_token_id=0,
    )
    assert [token for (token,) in generate(model, [prompt], 32)] == continued[0, 4:].tolist()


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES.keys())
def test_a_model_written_and_read_is_the_same_model(tmp_path, changes):
    model = scrambled(small(**changes))
    convert.to_huggingface(model, tmp_path)
    again = convert.from_huggingface(tmp_path)
    assert again.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_a_model_that_transformers_wrote_in_several_files_is_read(tmp_path, kind):
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    shape = {
        "vocab_size": 61,
        "hidden_size": 24,
        "intermediate_size": 40,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 6,
        "max_position_embeddings": 32,
    }
    theirs = (
        LlamaForCausalLM(LlamaConfig(**shape)) if kind == "llama" else Qwen3ForCausalLM(Qwen3Config(**shape))
    )
    theirs.save_pretrained(tmp_path, max_shard_size="10KB")
    assert (tmp_path / "model.safetensors.index.json").exists()
    tokens = torch.arange(20).reshape(1, 20)
    with torch.no_grad():
        difference = convert.from_huggingface(tmp_path)(tokens) - theirs.eval()(tokens).logits
    assert difference.abs().max() <= 1e-4


def test_bfloat16_weights_survive_the_round_trip(tmp_path):
    model = scrambled(small()).to(torch.bfloat16)
    convert.to_huggingface(model, tmp_path)
    again = convert.from_huggingface(tmp_path)
    assert again.embedding.weight.dtype == torch.bfloat16
    assert torch.equal(again.blocks[1].mlp.down.weight, model.blocks[1].mlp.down.weight)


def test_the_configuration_carries_the_end_and_pad_tokens(tmp_path):
    convert.to_huggingface(scrambled(small()), tmp_path, end_token=0, pad_token=1)
    assert json.loads((tmp_path / "generation_config.json").read_text()) == {
        "eos_token_id": 0,
        "pad_token_id": 1,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2'"),
        ({"attention_bias": True}, "attention_bias"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}, "RoPE scaling"),
        ({"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ({"num_hidden_layers": 3}, "weights are missing, the first is model.layers.2"),
        ({"num_hidden_layers": 1}, "weights have no place in our model, the first is model.layers.1"),
        ({"intermediate_size": 8}, "weights don't fit config.json"),
    ],
)
def test_a_model_that_ours_cannot_be_is_refused_with_the_reason(tmp_path, change, message):
    convert.to_huggingface(scrambled(small()), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text()) | change
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=message):
        convert.from_huggingface(tmp_path)


def test_a_truncated_weight_file_is_refused(tmp_path):
    convert.to_huggingface(scrambled(small()), tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        convert.from_huggingface(tmp_path)
