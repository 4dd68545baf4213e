"""Bytes from wherever they lie: local files, HTTP, object stores; containers and compression."""
