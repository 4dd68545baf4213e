"""What a training run is configured by. Nothing here imports torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from model import ModelConfig
from tasks.node import Config, not_identity
from tasks.pretrain.guard import GuardConfig
from tasks.pretrain.schedule import ScheduleConfig


class ModelSettings(Config):
    """The shape of the model (`model.ModelConfig`); vocabulary and sequence length come from elsewhere."""

    hidden_size: int = Field(default=256, ge=2)
    layers: int = Field(default=5, ge=1)
    heads: int = Field(default=4, ge=1)
    kv_heads: int | None = Field(default=None, ge=1)  # null: as many as heads; 1: multi-query attention
    head_dim: int | None = Field(default=None, ge=2)  # null: hidden_size / heads
    intermediate_size: int | None = Field(default=None, ge=1)  # null: 8/3 of hidden_size, in steps of 64
    rope_theta: float = Field(default=10000.0, gt=0)
    norm_eps: float = Field(default=1e-6, gt=0)
    tie_embeddings: bool = True
    qk_norm: bool = False

    @model_validator(mode="after")
    def _shape_holds_together(self) -> ModelSettings:
        self.shape(vocab_size=2, sequence_length=2)
        return self

    def shape(self, vocab_size: int, sequence_length: int) -> ModelConfig:
        """The model's config for a vocabulary and windows of this many tokens."""
        return ModelConfig(vocab_size=vocab_size, max_sequence_length=sequence_length, **self.model_dump())


class OptimizerConfig(Config):
    """muon: `torch.optim.Muon` on the blocks' matrices, AdamW on the rest; adamw: AdamW on everything.

    AdamW's decay is decoupled and spares embeddings and norms. Rates are peaks: the schedule multiplies them.
    """

    name: Literal["muon", "adamw"] = "muon"
    learning_rate: float = Field(default=2e-3, gt=0)  # AdamW
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = Field(default=1e-8, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)
    matrix_learning_rate: float = Field(default=0.02, gt=0)  # Muon; times √max(1, rows/columns)
    matrix_weight_decay: float = Field(default=0.01, ge=0)
    momentum: float = Field(default=0.95, ge=0, lt=1)
    newton_schulz_steps: int = Field(default=5, ge=1, lt=100)


class SequenceWarmup(Config):
    """Short windows first (after Li et al. 2022, "sequence length warmup"): for a share of the steps, from the start,
    a batch is made of windows of `length` tokens, as many more of them as keep its number of tokens. They come
    from more places of the corpus, which is what a small batch gains most from.
    """

    length: int = Field(default=128, ge=1)
    share: float = Field(default=0.7, ge=0, le=1)


class RunConfig(Config):
    """Everything that decides what is trained, and the keys that only decide where and how fast."""

    model: ModelSettings = ModelSettings()
    sequence_length: int = Field(default=256, ge=2)
    sequence_warmup: SequenceWarmup | None = None
    batch_size: int = Field(default=16, ge=1)
    tokens: int = Field(default=1_200_000, ge=1)  # to train on
    steps: int | None = Field(default=None, ge=1)  # optimizer steps; null: as many as `tokens` make
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    clip: float = Field(default=1.0, gt=0)
    dtype: Literal["auto", "fp32", "bf16"] = "auto"
    mixture: dict[str, float] | None = None
    guard: GuardConfig = GuardConfig()
    seed: int = 1

    device: Literal["auto", "cpu", "cuda"] = not_identity("auto")
    processes: int | None = not_identity(None, ge=1)
    threads: int | None = not_identity(None, ge=1)
    micro_batch_size: int | None = not_identity(None, ge=1)
    zero_stage: Literal["auto", 0, 1, 2, 3] = not_identity("auto")
    compile: bool = not_identity(True)
    checkpoint_every: int = not_identity(100, ge=1)
    keep_checkpoints: int = not_identity(2, ge=1)
    log_every: int = not_identity(1, ge=1)
    validation_every: int = not_identity(100, ge=1)
    validation_batches: int = not_identity(4, ge=1)
    tensorboard: bool = not_identity(True)

    @property
    def total_steps(self) -> int:
        """Optimizer steps of the whole run, which are also the schedule's horizon."""
        if self.steps is not None:
            return self.steps
        return max(1, round(self.tokens / (self.batch_size * self.sequence_length)))

    def window(self, step: int) -> int:
        """Tokens of a window in a step, 1 ≤ step ≤ total_steps: sequence_length, or fewer in the warm-up.

        >>> config = RunConfig(steps=10, sequence_warmup={"length": 64, "share": 0.3})
        >>> [config.window(step) for step in (1, 3, 4)]
        [64, 64, 256]
        """
        warmup = self.sequence_warmup
        if warmup is None or step > round(warmup.share * self.total_steps):
            return self.sequence_length
        return warmup.length

    @model_validator(mode="after")
    def _warmup_divides(self) -> RunConfig:
        if self.sequence_warmup is not None and self.sequence_length % self.sequence_warmup.length:
            raise ValueError(
                f"sequence_warmup.length: {self.sequence_warmup.length} doesn't divide sequence_length "
                f"{self.sequence_length}"
            )
        return self
