"""The decontaminate stage: documents that hold benchmark items are removed before anything is trained on them."""
