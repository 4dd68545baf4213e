"""Language identification against fastText on whole documents: accuracy and CPU time.

Documents are single sentences, ten sentences of one language joined, and chapters of Bibles; only languages
that lid.176 knows count for accuracy. Texts of other languages count as false claims where a language is
named with a score of at least 0.65.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from pathlib import Path

from tasks.filter.language import identification

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
NAMES = """
Albanian sq|Amharic am|Arabic ar|Aragonese an|Assamese as|Asturian ast|Azerbaijani az|Azeri az|Bashkir ba
Bavarian bar|Belarusian be|Bengali bn|Burmese my|Chuvash cv|Corsican co|Croatian hr|Czech cs|Danish da|Divehi dv
Dutch nl|Eastern Armenian hy|Eastern Panjabi pa|Egyptian Arabic arz|Emilian-Romagnol eml|English en|Farsi fa
Finnish fi|French fr|Georgian ka|Greek el|Gujarati gu|Haitian Creole ht|Hebrew he|Ido io|Interlingua ia
Irish Gaelic ga|Javanese jv|Kalmyk xal|Karachay Balkar krc|Kazahk kk|Komi kv|Latvian lv|Lezgian lez|Lithuanian lt
Lojban jbo|Lombard lmo|Lower Sorbian dsb|Luxembourgish lb|Malagasy mg|Malay ms|Meadow Mari mhr|Minankabau min
Mingrelian xmf|Mirandese mwl|Nahuatl nah|Nepali ne|Newar new|North Frisian frr|Nynorsk nn|Oriya or|Ossetian os
Pashto ps|Persian fa|Romanian ro|Rusyn rue|Sakha sah|Sardinian sc|Scots sco|Scottish Gaelic gd|Serbian sr
Sindhi sd|Sinhalese si|Sorani ckb|South Azerbaijani azb|Spanish es|Sundanese su|Tatar tt|Telugu te|Tibetan bo
Turkish tr|Turkmen tk|Tuvinian tyv|Upper Sorbian hsb|Urdu ur|Uyghur ug|Venetian vec|Western Armenian-1853 hy
Western Frisian fy|Western Panjabic pnb|Wu wuu|Zazaki diq|Bhojpuri bh|Kapampangan pam|Tagalog tl|Cebuano ceb
Afrikaans af|Basque eu|Bosnian bs|Breton br|Bulgarian bg|Catalan ca|Cornish kw|Esperanto eo|Estonian et|Faroese fo
Galician gl|German de|Hindi hi|Hungarian hu|Icelandic is|Indonesian id|Italian it|Japanese ja|Kannada kn|Korean ko
Kyrgyz ky|Lao lo|Latin la|Limburgish li|Macedonian mk|Malayalam ml|Maltese mt|Manx gv|Marathi mr|Mongolian mn
Neapolitan nap|Norwegian no|Occitan oc|Piedmontese pms|Polish pl|Portuguese pt|Romansch rm|Russian ru|Sanskrit sa
Sicilian scn|Slovak sk|Slovenian sl|Somali so|Swahili sw|Swedish sv|Tajik tg|Tamil ta|Thai th|Ukrainian uk
Uzbek uz|Vietnamese vi|Walloon wa|Welsh cy|Yiddish yi|Yoruba yo|Cantonese yue|Mandarin zh|Khmer km
""".replace("\n", "|").strip("|")  # fmt: skip
CODES = dict(entry.rsplit(" ", 1) for entry in NAMES.split("|"))
UNKNOWN = "?"


def sentences() -> list[tuple[str, str]]:
    rows = []
    for path in sorted((DATA / "langid/bigbench-language-identification").glob("*.jsonl")):
        rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["text"], CODES.get(row["language"], UNKNOWN)) for row in rows]


def joined(rows: list[tuple[str, str]], names: list[str]) -> list[tuple[str, str]]:
    """All sentences of a language (ten) as one document, a line each; two shuffles of each."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    for row, name in zip(rows, names, strict=True):
        by_name.setdefault(name, []).append(row)
    random.seed(1)
    return [
        ("\n".join(text for text, _ in random.sample(group, len(group))), group[0][1])
        for group in by_name.values()
        for _ in range(2)
    ]


def bibles() -> list[tuple[str, str]]:
    """Chapters: documents of a few kB."""
    found = []
    for path in sorted((DATA / "langid/bible-corpus").glob("*.xml")):
        code = CODES.get(path.stem.split("-")[0], UNKNOWN)
        for chapter in path.read_text(encoding="utf-8").split('type="chapter"')[1:60]:
            verses = re.findall(r'type="verse"[^>]*>\s*([^<]+?)\s*</seg>', chapter)
            found.append(("\n".join(verses), code))
    return found


def crawl() -> list[tuple[str, str]]:
    """Common Crawl documents, English all, by the label of their source."""
    import gzip

    path = next((DATA / "corpora/cc-main-2019").glob("*.jsonl.gz"))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [(text, "en") for line in lines if (text := json.loads(line)["text"]).strip()]


def baseline(texts: list[str]) -> list[tuple[str, float]]:
    """fastText over the whole text, newlines replaced."""
    predict = MODEL.f.predict
    found = (predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict") for text in texts)
    return [(row[0][1].removeprefix("__label__"), row[0][0]) if row else ("", 0.0) for row in found]


def detected(texts: list[str], **options: object) -> list[tuple[str, float]]:
    table = identification.detect(texts, **options)  # type: ignore[arg-type]
    return list(zip(table["language"].to_pylist(), table["score"].to_pylist(), strict=True))


def rate(rows: list[tuple[str, str]], found: list[tuple[str, float]]) -> tuple[float, float]:
    """Share of known languages named, and of unknown ones claimed to be something with 0.65."""
    known = [name == code for (_, code), (name, _) in zip(rows, found, strict=True) if code != UNKNOWN]
    claimed = [score >= 0.65 for (_, code), (_, score) in zip(rows, found, strict=True) if code == UNKNOWN]
    return statistics.fmean(known), statistics.fmean(claimed) if claimed else float("nan")


def seconds(function, *arguments, **options) -> float:
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def forget() -> None:
    """As in a new process, which has met no word yet."""
    *_, (known, _) = identification._load(str(identification.default_model()))
    known[:] = 0


def report(name: str, rows: list[tuple[str, str]], rounds: int = 5) -> None:
    texts = [text for text, _ in rows]
    size = sum(len(text.encode()) for text in texts) / 1e6
    detected(texts[:4])
    right, claimed = rate(rows, baseline(texts))
    print(f"language.{name}.documents\t{len(rows)}\t{size:.2f} MB")
    print(f"language.{name}.fasttext.accuracy\t{right:.4f}\tshare; false claims {claimed:.4f}")
    for options in ({}, *({"sample": n, "scripts": s} for n, s in VARIANTS)):
        right, claimed = rate(rows, detected(texts, **options))
        label = ".".join(f"{key}={value}" for key, value in options.items()) or "default"
        print(f"language.{name}.{label}.accuracy\t{right:.4f}\tshare; false claims {claimed:.4f}")
        if options and options["sample"] <= 2048:  # timed are the default and whole documents
            continue
        for kind, before in (("speed-on-new-words", forget), ("speed", lambda: None)):
            pairs = []
            for _ in range(rounds):
                before()
                pairs.append((seconds(baseline, texts), seconds(detected, texts, **options)))
            ratio = statistics.median(a / b for a, b in pairs)
            speed = size / statistics.median(b for _, b in pairs)
            print(
                f"language.{name}.{label}.{kind}\t{speed:.1f}\tMB/s CPU; {ratio:.2f} x fastText", flush=True
            )


VARIANTS = ((1 << 30, False), (768, False), (512, True), (1024, True), (2048, True))


def main() -> None:
    if not DATA.is_dir():
        print(f"language\tskipped\tno {DATA}")
        return
    rows = sentences()
    path = DATA / "langid/bigbench-language-identification"
    names = [
        json.loads(line)["language"]
        for file in sorted(path.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    report("sentences", rows)
    report("ten-sentences", joined(rows, names))
    report("bible-chapters", bibles())
    report("common-crawl", crawl())


if __name__ == "__main__":
    import fasttext

    MODEL = fasttext.load_model(str(identification.default_model()))
    main()
