"""The engines behind `extract`; most of it is `fast`: a page's main text by scoring its blocks, in linear time.

`scan` cuts a parsed page into blocks, `features` describes each by itself, the elements around it, its neighbours
and its place, `model` gives the chance that it belongs to the main text (`trees`, and a second look by way of
`context`), `select` decides, `assembly` writes the chosen blocks as text, `metadata` reads what the page declares.
`train` learns the trees (`weights.json`).
"""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.extract.engines import ENGINES, Engine, extract, extract_text
else:
    __getattr__ = hand_on(__name__)
