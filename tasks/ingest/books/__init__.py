"""Books: text, EPUB, HTML."""
