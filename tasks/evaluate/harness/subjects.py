"""A task whose worked examples follow the question's subject."""

from __future__ import annotations

from typing import Any

from lm_eval.api.samplers import FirstNSampler
from lm_eval.api.task import ConfigurableTask

from tasks.errors import StageError


class BySubject(ConfigurableTask):
    """Takes the first `num_fewshot` worked examples of the `subject` of the question (MMLU)."""

    def __init__(self, config: dict[str, Any]):
        super().__init__(config={name: value for name, value in config.items() if name != "class"})

    def fewshot_context(self, doc: dict[str, Any], num_fewshot: int, **options: Any) -> str | list[str]:
        """The prompt of one question: description, worked examples, question."""
        if num_fewshot:
            examples = self._examples().get(doc["subject"], [])
            if len(examples) < num_fewshot:
                raise StageError(
                    f"{self.config.task}: num_fewshot asks for {num_fewshot} worked examples, "
                    f"the subject {doc['subject']!r} has {len(examples)}"
                )
            self.sampler = FirstNSampler(examples)
        return super().fewshot_context(doc, num_fewshot, **options)

    def _examples(self) -> dict[str, list[dict[str, Any]]]:
        if not hasattr(self, "_by_subject"):
            self._by_subject: dict[str, list[dict[str, Any]]] = {}
            for example in self.fewshot_docs() or []:
                self._by_subject.setdefault(example["subject"], []).append(example)
        return self._by_subject
