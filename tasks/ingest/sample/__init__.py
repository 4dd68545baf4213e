"""The sample corpus, made from the Python installation itself."""
