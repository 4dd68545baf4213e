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
    external = [
        inputs.file(path, name)
        for benchmark in config.benchmarks
        for name, path in named_files(benchmark, inputs.resolve)
    ]
    return [
        Shard(
            key="evaluate",
            config=config.identity(),
            inputs={
                "model": inputs["pretrain/model"],
                "tokenizer": inputs["tokenize/tokenizer"],
                "documents": inputs["tokenize/validation_documents"],
                "hits": inputs["decontaminate/hits"],
                "benchmarks": external,
            },
            runtime={
                "benchmarks": [
                    resolved(benchmark, inputs.resolve).model_dump() for benchmark in config.benchmarks
                ],
                "device": config.device,
                "batch_tokens": config.batch_tokens,
                "threads": config.threads,
            },
        )
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Scores the model. Metrics tell scores, counts of truncated prompts, seconds, and the hardware."""
    from tasks.evaluate.evaluation import evaluate_model, read_hits

    config = Config.model_validate(
        {
            **shard.config,
            **{name: shard.runtime[name] for name in ("benchmarks", "device", "batch_tokens", "threads")},
        }
    )
    evaluation = evaluate_model(
        Path(shard.inputs["model"][0].path).parent,
        config.benchmarks,
        tokenizer=_named(shard, "tokenizer", "tokenizer.json"),
        documents=[item.path for item in shard.inputs["documents"]],
        hits=read_hits(item.path for item in shard.inputs["hits"]),
        bits_per_byte=config.bits_per_byte,
        generations=config.generate,
        timeout=config.sandbox.timeout,
        seed=config.seed,
        device=config.device,
        batch_tokens=config.batch_tokens,
        threads=config.threads,
    )
    evaluation.write(out)
    return ShardResult(evaluation.metrics)


def _named(shard: Shard, role: str, name: str) -> Path:
    return next(Path(item.path) for item in shard.inputs[role] if Path(item.path).name == name)
