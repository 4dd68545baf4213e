"""The configuration of the node filter: profiles, and the thresholds of every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, create_model, field_validator, model_validator

from tasks.filter.families import FAMILIES
from tasks.filter.heuristics import code
from tasks.filter.profiles import DEFAULTS, FamilyThresholds
from tasks.node import Config as NodeConfig

KINDS = ("web", "text", "code", "book")


class _Profiles(NodeConfig):
    """Which rules a document meets.

    profiles: profile -> families, in the order in which their rules are tried; the first to fail names it. A
    list, or a mapping from families to thresholds that differ from their sections (see `profiles`).
    languages: language -> family -> thresholds that differ for documents of that language: a language code, or of
        source code linguist's name. Those of `code.LANGUAGES` are there unless other ones are given for the language.
    kinds: document kind -> profile.
    """

    profiles: dict[str, FamilyThresholds] = Field(dict(DEFAULTS), validate_default=True)
    languages: dict[str, FamilyThresholds] = Field({}, validate_default=True)
    kinds: dict[str, str] = Field({"web": "fineweb", "text": "fineweb", "code": "code", "book": "books"})

    @field_validator("languages", mode="before")
    @classmethod
    def _with_code(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {**code.LANGUAGES, **{name: given or {} for name, given in value.items()}}

    @model_validator(mode="after")
    def _names_exist(self) -> _Profiles:
        profiles: Any = self.profiles  # mappings, as `profiles` reads them
        for profile, families in profiles.items():
            for name in families:
                if getattr(self, name, True) is None:
                    raise ValueError(
                        f"profile {profile!r} names {name!r}, but the section filter.{name} is null: "
                        "say there where its score comes from"
                    )
        for kind, profile in self.kinds.items():
            if kind not in KINDS:
                raise ValueError(f"kinds: no document kind {kind!r}; there are {', '.join(KINDS)}")
            if profile not in self.profiles:
                raise ValueError(
                    f"kinds.{kind}: no profile {profile!r}; there are {', '.join(self.profiles)}"
                )
        missing = [kind for kind in KINDS if kind not in self.kinds]
        if missing:
            raise ValueError(f"kinds: no profile for {', '.join(missing)}")
        return self


# The thresholds of each family under the family's name.
# A family with DEFAULT = None is off until the user gives it a section.
_THRESHOLDS: dict[str, Any] = {
    name: (family.Config | None, None) if hasattr(family, "DEFAULT") else (family.Config, family.Config())
    for name, family in FAMILIES.items()
}


Config: Any = create_model("Config", __base__=_Profiles, __module__=__name__, **_THRESHOLDS)
