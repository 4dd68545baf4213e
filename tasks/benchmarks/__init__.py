"""The benchmarks: their definitions, formats and items. decontaminate searches the items, evaluate scores them."""
