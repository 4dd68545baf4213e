"""Profiles: which families a document meets, in which order, and with which thresholds.

A profile is a list of families, or a mapping from families to thresholds of its own:

    profiles:
      fineweb: [language, gopher_repetition, gopher_quality, c4, fineweb]
      lecture_notes:
        language: {min_score: 0.4}
        gopher_quality: {min_words: 20, max_bullet_lines: null}
        c4:                                # as in the section filter.c4

`filter.languages` gives thresholds to the documents of a language in the same form, as FineWeb-2 does (Penedo et
al. 2025); to source code by its programming language, as StarCoder does (`code`). A threshold is the language's, else the profile's, else the family's section's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, WrapValidator, create_model

from tasks.filter.families import FAMILIES
from tasks.node import Config as NodeConfig

DEFAULTS: dict[str, tuple[str, ...]] = {
    # datatrove's semantics
    "fineweb": ("url", "language", "gopher_repetition", "gopher_quality", "c4", "fineweb"),
    "dclm": ("url", "language", "dclm_quality", "dclm_repetition", "dclm_edits"),
    "gopher": ("url", "language", "massivetext_quality", "massivetext_repetition"),  # the paper's
    "code": ("code",),
    "books": ("books",),
}

Thresholds = dict[str, dict[str, Any]]  # family -> threshold's key -> value, in the order of their rules

# A family whose section holds more than thresholds says which of its keys are some: `Thresholds`.
_SECTIONS: dict[str, Any] = {
    name: (getattr(family, "Thresholds", family.Config) | None, None) for name, family in FAMILIES.items()
}
Families: Any = create_model("Families", __base__=NodeConfig, __module__=__name__, **_SECTIONS)


def _given(value: Any, check: Any) -> Thresholds:
    """What is given and no more, in its order; a list gives families without thresholds."""
    if isinstance(value, list | tuple):
        value = {str(name): {} for name in value}
    if isinstance(value, Mapping):
        value = {str(name): {} if section is None else section for name, section in value.items()}
    checked = check(value)
    return {
        name: {
            key: getattr(section, key)
            for key in type(section).model_fields
            if key in section.model_fields_set
        }
        for name in value
        if (section := getattr(checked, name)) is not None
    }


FamilyThresholds = Annotated[Families, WrapValidator(_given), PlainSerializer(dict)]


def resolve(config: Any, profile: str, language: str | None = None) -> Any:
    """The configuration with the thresholds of a profile, and of a language, in the families' sections."""
    sections: dict[str, Any] = {}
    for given in (config.profiles[profile], config.languages.get(language, {})):
        for name, thresholds in given.items():
            section = sections.get(name, getattr(config, name))
            if section is None:
                section = FAMILIES[name].Config()
            sections[name] = section.model_copy(update=thresholds)
    return config.model_copy(update=sections)
