"""Words of each format, to be inserted where they belong and where they don't."""

from __future__ import annotations

WARC_TOKENS = [
    b"WARC/1.0\r\n", b"WARC/1.1\n", b"\r\n\r\n", b"\n\n", b"Content-Length: 99999999999\r\n", b"Content-Length: 0\r\n",
    b"WARC-Type: response\r\n", b"WARC-Type: revisit\r\n", b"Content-Type: text/html; charset=utf-16\r\n", b"HTTP/1.1 200 OK\r\n",
    b"HTTP/2 200\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: br\r\n", b"Content-Encoding: gzip, deflate\r\n",
    b"Content-Encoding: zstd\r\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x5d\x2a\x4d\x18\x10\0\0\0",
    b"WARC-Payload-Digest: md5:x\r\n", b"WARC-Record-ID: <urn:uuid:1>\r\n", b"WARC-Target-URI: http://[::1\r\n",
    b"http://a/ 1.2.3.4 20200203040506 text/html 5\n", b"<html>", b"</script>", b"<!--", b"<svg>", b"&#xD800;", b"\xed\xa0\x80",
]  # fmt: skip
JSON_TOKENS = [
    b'"text":', b'{"text": "a"}\n', b"[", b"{", b"}", b"]", b'"', b"\\ud800", b"\\udc00", b"\\u0000", b"NaN", b"Infinity", b"1e999",
    b"null", b"\xef\xbb\xbf", b"\r\n", b"\xe2\x80\xa8", b'"id": true,', b'"url": [1],', b"9" * 5000, b"[" * 2000, b"\xed\xa0\x80",
]  # fmt: skip
CSV_TOKENS = [
    b'"', b'""', b",", b";", b"\t", b"|", b"\r", b"\n", b"text", b"\xff\xfe", b"\0", b'"\n"', b"\xef\xbb\xbf", b"\\", b'",\n', b"\x85",
]  # fmt: skip
PARQUET_TOKENS = [
    b"PAR1",
    b"PARE",
    b"\x15\x00",
    b"\x19\x1c",
    b"\xff\xff\xff\xff\x0f",
    b"\x18\x04text",
    b"\x80" * 9 + b"\x01",
    b"ARROW:schema",
]
HTML_TOKENS = [
    b"<div>", b"</div>", b"<p>", b"<a href=x>", b"</a>", b"<table><tr><td>", b"<script>", b"</script>", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?xml ?>", b"<title>", b"<title/>", b"<svg><title>", b"<select><option>", b"<textarea>", b"<plaintext>", b"<template>",
    b"<math><mi>", b"<ruby><rt>", b"<a epub:type='pagebreak'>", b"&amp", b"&#1114112;", b"&#xD800;", b"&#0;", b"&nbsp;", b"=\"", b"='",
    b"<x-y:z a=b>", b"<b><i>", b"</b></i>", b"<frameset>", b"<body hidden>", b"<meta charset=utf-16>", b"<base href='//'>",
    b'<script type="application/ld+json">{"articleBody": "', b"\xff", b"\xed\xa0\x80", b"\0", b"\x0c",
]  # fmt: skip
BOOK_TOKENS = [
    *HTML_TOKENS[:12], b"*** START OF THE PROJECT GUTENBERG EBOOK X ***\n", b"*** END OF THE PROJECT GUTENBERG EBOOK X ***\n",
    b"*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*\n", b"End of the Project Gutenberg Etext\n", b"Title: \n", b"\n\n", b"\r\n",
    b"Release Date: May 99, 9999 [EBook #1234567]\n", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07", b"\xff\xfe", b"\xfe\xff", b"\0",
    b"<itemref idref='a'/>", b"<!ENTITY x 'y'>", b"full-path=''", b"href='../../x'", b"%00", b"%ff",
]  # fmt: skip
CODE_TOKENS = [
    *(bytes([byte]) for byte in b"\n \t~^(!%:#*/'\""), b"end", b"main(", b"TARGET", b"template",
    b"SPDX-License-Identifier: ((((", b"SPDX-License-Identifier: MIT OR", b"SPDX-License-Identifier: " + b"(" * 190, b"DO NOT EDIT",
    b"@generated", b"licence", b"Redistribution", b"\0", b"\x1b", b"\r", b"\xff\xfe", b"-*- coding: utf-7 -*-", b"Licensed under the MIT License",
]  # fmt: skip
GIT_TOKENS = [
    b"tree ",
    b"blob ",
    b"commit ",
    b"100644 a\0",
    b"120000 l\0",
    b"160000 s\0",
    b"ref: refs/heads/x\n",
    b"PACK\0\0\0\2",
    b"\0",
    b"[core]\n",
]
