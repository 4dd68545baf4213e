"""Personal data in running text: e-mail addresses, public IP addresses, phone, card and bank account numbers.

Each finder takes a text's bytes and the places that `candidates` named, and yields matches. A finder
is conservative: what is a version, a subscript, a documentation address or a number without the look of a phone
number stays. What is found is replaced by a token of the configuration; names and postal addresses aren't
looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from tasks.filter.editing import addresses, numbers
from tasks.filter.editing.candidates import CARD, EMAIL, IBAN, IPV4, IPV6, PHONE
from tasks.node import Config as NodeConfig

Kind = Literal["web", "text", "code", "book"]
RULES = ("email", "iban", "card", "ip", "phone")  # the first keeps what two of them claim


class Config(NodeConfig):
    """What is replaced, and by what; null leaves a rule's findings in the text.

    The tokens follow StarCoder's (Li et al. 2023, 4: <EMAIL>, <IP_ADDRESS>); Dolma writes |||EMAIL_ADDRESS|||,
    FineWeb the fixed addresses email@example.com and six unused IPs.
    kinds: the document kinds in which everything is looked for. code_email: in source code, e-mail addresses only.
    """

    kinds: tuple[Kind, ...] = ("web", "text")
    email: str | None = Field("<EMAIL>")
    ip: str | None = Field("<IP_ADDRESS>")
    phone: str | None = Field("<PHONE>")
    card: str | None = Field("<CARD>")
    iban: str | None = Field("<IBAN>")
    code_email: bool = False

    @model_validator(mode="after")
    def _tokens_hold_nothing(self) -> Config:
        for rule in RULES:
            token = getattr(self, rule)
            if token is not None and list(find_all(token.encode())):
                raise ValueError(f"{rule}: the token {token!r} would itself be replaced")
        return self

    def tokens(self) -> dict[str, bytes]:
        """Rule -> what replaces its findings, of the rules that are on."""
        return {rule: token.encode() for rule in RULES if (token := getattr(self, rule)) is not None}


Found = tuple[int, int, str]
_FINDERS = ((EMAIL, "email", addresses.emails), (IBAN, "iban", numbers.ibans), (CARD, "card", numbers.cards),
            (IPV4, "ip", addresses.ipv4s), (IPV6, "ip", addresses.ipv6s), (PHONE, "phone", numbers.phones))  # fmt: skip


def find_at(text: bytes, places: Mapping[int, Iterable[tuple[int, int]]]) -> Iterator[Found]:
    """What stands at the places of one text: kind of candidate -> (start, end), in order.

    In the order of RULES, and within a rule in the text's; findings of different rules may overlap.
    """
    for kind, rule, find in _FINDERS:
        for found in find(text, places.get(kind, ())):
            yield *found.span(), rule


def find_all(text: bytes) -> Iterator[Found]:
    """The same without candidates, slowly: every finder looks at every place of the text."""
    everywhere = [(0, len(text))]
    points = [(at, at + 1) for at in range(len(text))]
    chains = dict.fromkeys((CARD, IPV4, PHONE), everywhere)
    yield from find_at(text, {EMAIL: points, IBAN: points, IPV6: points, **chains})
