"""The node `evaluate`: scores of the trained model, an interval with each, and one record per sample.

Outputs: scores.json, samples/<benchmark>.parquet, generations.jsonl, held_out.parquet (bits of each held-out
document). Importing this module is cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, field_validator

from tasks.benchmarks.benchmark import Benchmark, named_files, resolved
from tasks.node import Config as Base
from tasks.node import Inputs, Metrics, Shard, ShardResult, not_identity

VERSION = 1
PACKAGES = ("lm-eval", "torch", "tokenizers")
INPUTS = ("pretrain/model", "tokenize/tokenizer", "tokenize/validation_documents", "decontaminate/hits")
SINGLE = True
EXCLUSIVE = True


class BitsPerByte(Base):
    """Bits per byte of held-out documents.

    max_bytes: of text, drawn at random with the seed; null for all of it. stride: tokens by which the window
    advances; half the model's window by default; a smaller one gives tokens more context and takes longer.
    """

    max_bytes: int | None = Field(default=500_000, ge=1)
    stride: int | None = Field(default=None, ge=1)


class Generations(Base):
    """Samples of text: each prompt is continued once. temperature 0 takes the likeliest token."""

    prompts: list[str] = Field(default=["The", "def ", "import os\n\n", "class Queue:\n"])
    max_new_tokens: int = Field(default=100, ge=1)
    temperature: float = Field(default=0.8, ge=0)
    top_k: int | None = Field(default=50, ge=1)


class Sandbox(Base):
    """Limits of a generated program. timeout: seconds of wall time."""

    timeout: float = Field(default=5.0, gt=0, le=600)


class Config(Base):
    """What is scored, and how; device, batch_tokens (padded, of a batch) and threads say how fast."""

    benchmarks: list[Benchmark] = Field(
        default_factory=lambda: [
            Benchmark(name=name) for name in ("mmlu_mini", "gsm8k_mini", "humaneval_mini")
        ]
    )
    bits_per_byte: BitsPerByte = BitsPerByte()
    generate: Generations = Generations()
    sandbox: Sandbox = Sandbox()
    seed: int = 1
    device: str = not_identity("auto")
    batch_tokens: int = not_identity(8192, ge=1)
    threads: int | None = not_identity(None, ge=1)

    @field_validator("benchmarks")
    @classmethod
    def _names_differ(cls, value: list[Benchmark]) -> list[Benchmark]:
        names = [benchmark.name for benchmark in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two benchmarks are called {name!r}: give each a name of its own")
        return value


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


def finish(shards: Sequence[Shard], results: Sequence[ShardResult], out: Path) -> Metrics:
    """The one shard's metrics."""
    return dict(results[0].metrics)


def _named(shard: Shard, role: str, name: str) -> Path:
    return next(Path(item.path) for item in shard.inputs[role] if Path(item.path).name == name)
