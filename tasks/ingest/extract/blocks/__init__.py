"""The engine `fast`: a page's main text by scoring its blocks."""
