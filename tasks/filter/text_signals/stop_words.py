"""Stop words by language: frequent function words, which running text can't do without.

Gopher asks for two of eight English ones; FineWeb-2 (Penedo et al. 2025) asks the same of each language with
words of its own. The lists here are of articles, prepositions, conjunctions, pronouns and auxiliaries, in small
letters, as they stand between spaces; English's are Gopher's eight. Languages that are written without spaces
have none, and the rule leaves them alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

SLOTS = 256  # of a language's table
UNLISTED = -1  # the count of stop words in a language without a list

STOP_WORDS = {
    "en": "the be to of and that have with",
    "af": "die van en in is het nie dat met vir op wat te om as was sy",
    "ar": "في من على إلى أن عن التي الذي هذا هذه مع كان ما لا و أو بين",
    "bg": "на и в за се от да с по не са че към като до",
    "bn": "এবং ও এই থেকে করে জন্য একটি না সঙ্গে তার হয় যে করা",
    "ca": "de la el i a les en que els per un una amb del és al",
    "cs": "a v se na je že s z do o i to pro ve za jsou jako",
    "cy": "yn y i a o ar yr am gan ei oedd mae wedi",
    "da": "og i at er en det til af på for med den de som der et ikke har",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch",
    "el": "και το να του η της με που την από για τα στο είναι οι τη στην",
    "es": "de la que el en y a los se del las un por con una para es al lo",
    "et": "ja on ei et see oli ta kui mis oma ka aga või",
    "eu": "eta da ez zen bat ere du baina bere izan dira",
    "fa": "و در به از که این را با است برای آن یک های تا بر",
    "fi": "ja on ei se että oli hän mutta myös kun joka ovat sen kuin tai",
    "fr": "de la le et les des en un une du que est pour qui dans par au sur pas plus ne",
    "ga": "an na agus ar i is a do go ag le bhí tá sé",
    "gl": "de a o que e do da en os un as no para unha con por",
    "he": "של את על לא הוא זה עם כי גם או היא אל אני יש כל",
    "hi": "के का में की है और से को पर यह ने एक कि भी हैं",
    "hr": "i u je na se za da od su s o koji ne kao iz",
    "hu": "a az és hogy nem is egy van volt meg ez azt mint csak",
    "hy": "և է որ են մեջ այս հետ համար ու նա էր մի",
    "id": "yang dan di dengan untuk pada dari ini dalam tidak itu adalah ke oleh",
    "is": "og að í á er sem til um við með ekki en það fyrir af",
    "it": "di e il la che in a per un è una del con non le si da dei i",
    "ka": "და რომ არ ეს იყო არის მაგრამ როგორც ის მის თუ",
    "lt": "ir yra kad į su ne iš bet kaip tai buvo jis o ar",
    "lv": "un ir ar ka no par uz bet kā viņš tas bija nav",
    "mk": "на и во да се од за со е не што го ќе ја",
    "mr": "आणि आहे या ते हे व मध्ये होते की तर आहेत",
    "ms": "yang dan di dengan untuk pada dari ini dalam tidak itu ialah ke oleh",
    "nl": "de van het een en in is dat op te met voor niet zijn die aan er om",
    "nn": "og i er det på som til med av ein for at ikkje dei har",
    "no": "og i er det på som til med av en for at ikke den de har",
    "pl": "i w na z się nie do to że jest o jak po co ale od za",
    "pt": "de a o que e do da em um para com uma os no não na por as se",
    "ro": "de și în a la cu pe un o din că nu este care mai să pentru",
    "ru": "и в не на что с по он как это из у но его к за от был",
    "sk": "a v sa na je že s z do o to pre aj ako si ale",
    "sl": "in je v na se da za so z po ki pa ne kot tudi",
    "sq": "e të dhe në i një për me që nga se si më është",
    "sr": "и у је на се да за од су са i u je na se da za od su",
    "sv": "och i att det som en på är av för med den till inte har de ett om",
    "sw": "ya na wa kwa ni katika la za cha kuwa hii kama hiyo",
    "ta": "ஒரு மற்றும் இந்த என்று அந்த உள்ள என அவர் இது",
    "tl": "ang ng sa na mga at ay ni si para hindi ito",
    "tr": "ve bir bu için da de ile çok olarak daha olan gibi ne ama",
    "uk": "і в на з що не до та у за як це від але про його",
    "ur": "کے کی میں اور سے ہے کا کو نے پر یہ ہیں کہ ایک بھی",
    "vi": "và của là có trong được cho các với không những một này đã người",
}


def rows(languages: Any) -> Any:
    """The row of `tables` of each language, int64; null counts as English, the last row is of unlisted ones."""
    import numpy as np

    numbers = {code: n for n, code in enumerate(STOP_WORDS)}
    return np.array([numbers.get(code or "en", len(numbers)) for code in languages], dtype=np.int64)


@cache
def tables() -> Any:
    """Tables (`tasks.text.key_table`), uint64 and int64 (languages + 1, SLOTS): the hashes of stop words, and each
    word's number within its language. The last row is empty: of languages without a list.
    """
    import numpy as np

    from tasks.text import fnv1a, key_table, murmur_mixed_plainly

    keys = np.zeros((len(STOP_WORDS) + 1, SLOTS), dtype=np.uint64)
    numbers = np.zeros((len(STOP_WORDS) + 1, SLOTS), dtype=np.int64)
    for row, words in enumerate(STOP_WORDS.values()):
        found = dict.fromkeys(words.split())
        keys[row], places = key_table((murmur_mixed_plainly(fnv1a(map(ord, word))) for word in found), SLOTS)
        numbers[row, places] = range(len(found))
    return keys, numbers
