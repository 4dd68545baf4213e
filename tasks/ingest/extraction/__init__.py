"""The `fast` engine: a page's main text by scoring its blocks, in time linear in the page.

`scan` cuts a parsed page into blocks, `features` describes each block by itself, its ancestors, its neighbours
and its place, `trees` gives the chance that it belongs to the main text, `select` decides, `assembly` writes the
chosen blocks as text, `metadata` reads what the page declares. `train` learns the trees (`weights.json`).
"""
