"""The node `evaluate`: scores of the trained model, an interval with each, and one record per sample.

Outputs: scores.json, samples/<benchmark>.parquet, generations.jsonl, held_out.parquet (bits of each held-out
document). Importing this module is cheap.
"""

from __future__ import annotations

from pathlib import Path

from tasks.benchmarks import named_files, resolved
from tasks.evaluate.config import Config
from tasks.node import Inputs, Shard, ShardResult

VERSION = 2
PACKAGES = ("lm-eval", "torch", "tokenizers")
INPUTS = ("pretrain/model", "tokenize/tokenizer", "tokenize/validation_documents", "decontaminate/hits")
STORY = "tasks.evaluate.story"
SINGLE = True
EXCLUSIVE = True


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard: model, tokenizer, held-out documents, contamination hits, benchmark files."""
    found = [pair for benchmark in config.benchmarks for pair in named_files(benchmark, inputs.resolve)]
    placed = [resolved(benchmark, inputs.resolve).model_dump() for benchmark in config.benchmarks]
    files = {
        "model": inputs["pretrain/model"],
        "tokenizer": inputs["tokenize/tokenizer"],
        "documents": inputs["tokenize/validation_documents"],
        "hits": inputs["decontaminate/hits"],
        "benchmarks": [inputs.file(path, name) for name, path in found],
    }
    runtime = {name: getattr(config, name) for name in ("device", "batch_tokens", "threads")}
    return [Shard("evaluate", config.identity(), files, {"benchmarks": placed, **runtime})]


def process(shard: Shard, out: Path) -> ShardResult:
    """Scores the model. Metrics tell scores, counts of truncated prompts, seconds, and the hardware."""
    from tasks.evaluate.evaluation import evaluate_model, read_hits

    evaluation = evaluate_model(
        Path(shard.inputs["model"][0].path).parent,
        Config.model_validate({**shard.config, **shard.runtime}),
        tokenizer=_named(shard, "tokenizer", "tokenizer.json"),
        documents=[item.path for item in shard.inputs["documents"]],
        hits=read_hits(item.path for item in shard.inputs["hits"]),
    )
    evaluation.write(out)
    return ShardResult(evaluation.metrics)


def _named(shard: Shard, role: str, name: str) -> Path:
    return next(Path(item.path) for item in shard.inputs[role] if Path(item.path).name == name)
