"""To and from the Hugging Face layout: config.json and safetensors, as Llama or, with QK-norm, as Qwen3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.config import ModelConfig
from model.transformer import Transformer

_BLOCK_NAMES = {
    "attention_norm": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "attention.query_norm": "self_attn.q_norm",
    "attention.key_norm": "self_attn.k_norm",
    "mlp_norm": "post_attention_layernorm",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
}
_TOP_NAMES = {"embedding": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"}
_ARCHITECTURES = {"llama": "LlamaForCausalLM", "qwen3": "Qwen3ForCausalLM"}
_DTYPES = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


def to_huggingface(
    model: Transformer,
    folder: str | Path,
    *,
    state: Mapping[str, Tensor] | None = None,
    end_token: int | None = None,
    pad_token: int | None = None,
) -> None:
    """Writes config.json, generation_config.json and model.safetensors into `folder`, made if need be.

    state: weights by our names instead of the model's own (gathered from a sharded run).
    end_token, pad_token: ids for the configuration, so that `transformers` stops and pads as we do.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = model.state_dict() if state is None else state
    tensors = {
        _their_name(name): tensor.detach().cpu().contiguous()
        for name, tensor in state.items()
        if not (name == "head.weight" and model.config.tie_embeddings)
    }
    dtype = _DTYPES[tensors["model.embed_tokens.weight"].dtype]
    ends = {"eos_token_id": end_token, "pad_token_id": pad_token}
    _write_json(folder / "config.json", _their_config(model.config) | ends | {"dtype": dtype})
    _write_json(folder / "generation_config.json", ends)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def from_huggingface(folder: str | Path) -> Transformer:
    """Reads a Llama or Qwen3 model: config.json and model.safetensors, or the files of its index.

    Raises ValueError where the model has what ours hasn't (biases, scaled RoPE, a sliding window, another
    activation), or where weights are missing, superfluous or of another shape; FileNotFoundError without its
    files.
    """
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    ours = _our_config(config, folder)
    tensors: dict[str, Tensor] = {}
    for path in _weight_files(folder):
        try:
            tensors |= load_file(path)
        except SafetensorError as error:
            raise ValueError(f"{path}: not a readable safetensors file ({error})") from error
    model = Transformer(ours)
    names = {_their_name(name): name for name in model.state_dict()}
    if ours.tie_embeddings:
        tensors["lm_head.weight"] = tensors.get("model.embed_tokens.weight", torch.empty(0))
    if missing := sorted(names.keys() - tensors.keys()):
        raise ValueError(f"{folder}: {len(missing)} weights are missing, the first is {missing[0]}")
    extra = sorted(tensors.keys() - names.keys())
    if extra := [name for name in extra if not name.endswith("rotary_emb.inv_freq")]:
        raise ValueError(
            f"{folder}: {len(extra)} weights have no place in our model, the first is {extra[0]}"
        )
    model.to(tensors["model.embed_tokens.weight"].dtype)
    try:
        model.load_state_dict({name: tensors[theirs] for theirs, name in names.items()})
    except RuntimeError as error:
        raise ValueError(f"{folder}: weights don't fit config.json: {error}") from error
    return model


def _their_name(name: str) -> str:
    """Our parameter's name in the Hugging Face layout.

    >>> _their_name("blocks.3.mlp.gate.weight")
    'model.layers.3.mlp.gate_proj.weight'
    """
    stem, _, leaf = name.rpartition(".")
    if stem.startswith("blocks."):
        _, layer, part = stem.split(".", 2)
        return f"model.layers.{layer}.{_BLOCK_NAMES[part]}.{leaf}"
    return f"{_TOP_NAMES[stem or 'head']}.{leaf}"


def _their_config(config: ModelConfig) -> dict[str, Any]:
    kind = "qwen3" if config.qk_norm else "llama"
    shared = {
        "architectures": [_ARCHITECTURES[kind]],
        "model_type": kind,
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "intermediate_size": config.intermediate_size,
        "max_position_embeddings": config.max_sequence_length,
        # The base by both names: transformers 5 reads rope_parameters, other engines rope_theta.
        "rope_theta": config.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tie_embeddings,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "use_cache": True,
        "bos_token_id": None,
    }
    return shared | ({"use_sliding_window": False} if config.qk_norm else {"mlp_bias": False})


def _our_config(config: Mapping[str, Any], folder: Path) -> ModelConfig:
    kind = config.get("model_type")
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    refused = {
        f"model_type {kind!r} (ours are llama and qwen3)": kind not in _ARCHITECTURES,
        "attention_bias": config.get("attention_bias"),
        "mlp_bias": config.get("mlp_bias"),
        "a sliding window": config.get("use_sliding_window"),
        f"hidden_act {config.get('hidden_act')!r}": config.get("hidden_act", "silu") not in ("silu", "swish"),
        f"RoPE scaling {rope}": rope.get("rope_type", rope.get("type", "default")) != "default",
    }
    if reasons := [reason for reason, present in refused.items() if present]:
        raise ValueError(f"{folder / 'config.json'}: this model has {', '.join(reasons)}, which ours has not")
    shape: dict[str, Any] = {
        "vocab_size": config["vocab_size"],
        "hidden_size": config["hidden_size"],
        "layers": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "kv_heads": config.get("num_key_value_heads"),
        "head_dim": config.get("head_dim") or (128 if kind == "qwen3" else None),
        "intermediate_size": config["intermediate_size"],
        "max_sequence_length": config.get("max_position_embeddings", 2048 if kind == "llama" else 32768),
        "rope_theta": rope.get("rope_theta", config.get("rope_theta", 10000.0)),
        "norm_eps": config.get("rms_norm_eps", 1e-6),
        "tie_embeddings": config.get("tie_word_embeddings", False),
        "qk_norm": kind == "qwen3",
    }
    return ModelConfig(**shape)


def _weight_files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return [folder / "model.safetensors"]
    return [folder / name for name in sorted(set(json.loads(index.read_text())["weight_map"].values()))]


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
