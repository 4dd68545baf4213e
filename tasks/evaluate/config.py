"""What is scored, and how."""

from __future__ import annotations

from pydantic import Field, field_validator

from tasks.benchmarks import Benchmark
from tasks.node import Config as Base
from tasks.node import not_identity


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


MINIS = ("mmlu_mini", "gsm8k_mini", "humaneval_mini")


class Config(Base):
    """What is scored, and how; device, batch_tokens (padded, of a batch) and threads say how fast."""

    benchmarks: list[Benchmark] = Field(default=[Benchmark(name=name) for name in MINIS])
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
