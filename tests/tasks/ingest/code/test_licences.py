from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.code.licences import PERMISSIVE, allowed, detect, known, of_files, of_header

MIT = """Copyright (c) 2020 A. Nonymous

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:
"""
NOTICE = """
The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.
"""
BSD = """Redistribution and use in source and binary forms, with or without modification, are permitted provided that:
 * Redistributions of source code must retain the above copyright notice,
   this list of conditions and the following disclaimer.
 * Redistributions in binary form must reproduce the above copyright
   notice, this list of conditions and the following disclaimer in the
   documentation and/or other materials provided with the distribution.
"""
NAME = """ * Neither the name of the project nor the names of its contributors may
   be used to endorse or promote products derived from this software without specific prior written permission.
"""
GPL2_OR_LATER = """ * This program is free software; you can redistribute it and/or modify
 * it under the terms of the GNU General Public License as published by
 * the Free Software Foundation; either version 2 of the License, or
 * (at your option) any later version.
"""
APACHE = """# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (MIT + NOTICE, ["MIT"]),
        (MIT, ["MIT-0"]),
        (MIT + NOTICE + "The Software shall be used for Good, not Evil.", ["JSON"]),
        ((MIT + NOTICE).replace("\n", "\n * ").upper(), ["MIT"]),
        (BSD, ["BSD-2-Clause"]),
        (BSD + NAME, ["BSD-3-Clause"]),
        (MIT + NOTICE + BSD, ["BSD-2-Clause", "MIT"]),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n" + "word " * 400, ["GPL-3.0"]),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999\n" + "word " * 400, ["LGPL-2.1"]),
        ("This is free and unencumbered software released into the public domain.", ["Unlicense"]),
        ("Licensed under the MIT License.", ["MIT"]),
        ("Apache License, Version 2.0", ["Apache-2.0"]),
        ("GNU Lesser General Public License v3", ["LGPL-3.0"]),
        ("All rights reserved.", []),
        ("", []),
    ],
)
def test_a_licence_is_told_by_its_text(text: str, names: list[str]) -> None:
    assert detect(text) == names


@pytest.mark.parametrize("licence", known(), ids=lambda licence: licence.name)
def test_each_licence_s_own_phrases_give_that_licence(licence) -> None:
    assert licence.name in detect("Copyright 2020. " + " ... ".join(licence.phrases))


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("// SPDX-License-Identifier: MIT\nint x;", "MIT"),
        ("/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */", "(GPL-2.0-only OR BSD-3-Clause)"),
        (
            "<!-- SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception -->",
            "Apache-2.0 WITH LLVM-exception",
        ),
        (GPL2_OR_LATER, "GPL-2.0"),
        (APACHE, "Apache-2.0"),
        ("# permission is needed, and a licence\nx = 1\n", None),
        ("x = 1\n" * 3000 + APACHE, None),
    ],
)
def test_a_source_file_can_name_its_own(text: str, licence: str | None) -> None:
    assert of_header(text) == licence


def test_the_files_of_a_folder_hold_together_or_offer_a_choice() -> None:
    apache = APACHE + "word " * 400
    assert of_files([("LICENSE-MIT", MIT + NOTICE), ("LICENSE-APACHE", apache)]) is not None
    assert of_files([("LICENSE", MIT + NOTICE), ("COPYING", BSD)]) == "BSD-2-Clause AND MIT"
    gpl, lgpl = (
        f"{name} version 3 29 June 2007"
        for name in ("GNU General Public License", "GNU Lesser General Public License")
    )
    assert of_files([("COPYING", gpl), ("COPYING.LESSER", lgpl)]) == "LGPL-3.0"
    assert of_files([("LICENSE", "All rights reserved.")]) is None


def test_two_files_named_after_their_licences_are_a_choice() -> None:
    assert of_files([("LICENSE-MIT", MIT + NOTICE), ("LICENSE-BSD", BSD)]) == "BSD-2-Clause OR MIT"


@pytest.mark.parametrize(
    ("expression", "names", "kept"),
    [
        ("MIT", ["MIT"], True),
        ("mit", ["MIT"], True),
        ("MIT", ["Apache-2.0"], False),
        ("MIT OR GPL-3.0-only", ["permissive"], True),
        ("MIT AND GPL-3.0-only", ["permissive"], False),
        ("(MIT OR GPL-2.0) AND BSD-3-Clause", ["permissive"], True),
        ("GPL-2.0-or-later", ["GPL-2.0"], True),
        ("GPL-2.0+", ["GPL-2.0"], True),
        ("GPL-2.0 WITH Classpath-exception-2.0", ["GPL-2.0"], True),
        (None, ["permissive"], False),
        (None, ["permissive", ""], True),
        ("((", ["MIT"], False),
    ],
)
def test_an_expression_is_allowed_if_it_needs_no_other_licence(expression, names, kept) -> None:
    assert allowed(expression, names) == kept


@given(st.text(st.sampled_from("() MITORANDWITH+-")))
def test_any_expression_has_an_answer(expression: str) -> None:
    assert allowed(expression, PERMISSIVE) in (True, False)
