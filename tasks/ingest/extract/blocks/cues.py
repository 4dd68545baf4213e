"""Words that tell what a part of a page is: in class names and ids, and in the text of short blocks.

Every group of fragments is one bit. `|` stands for a border: the text's ends and whatever isn't a letter. All
fragments are searched at once by one automaton (Aho and Corasick 1975), a table lookup per byte, so the cost is
linear whatever the page writes into its attributes. The fragments only name groups; what a group means for the
main text is learned.
"""

from __future__ import annotations

import re
from collections import deque

import numpy as np

NAMES = {
    "article": "article artikel beitrag |story |post| |posts| |postid |entry hentry |news",
    "content": "content inhalt contenu contenido |pagetext",
    "body": "bodytext articlebody articletext storybody storytext postbody entrytext |text| richtext prose |copy| |body|",
    "main": "|main maincontent hauptinhalt primary principal",
    "title": "title headline heading titre titel |hed|",
    "lead": "|lead intro excerpt summary standfirst |dek| subtitle subhead subline vorspann chapo abstract deck|",
    "author": "author byline autor auteur |by| writer profile |bio| contributor",
    "date": "|date date| datum |time timestamp publish meta| |info| |posted",
    "comment": "comment kommentar commentaire disqus reply respond discussion reaction |forum feedback guestbook",
    "share": "share sharing social facebook twitter whatsapp follow| |follow teilen addthis addtoany |like| shariff",
    "related": "related recommend similar |also| popular trending latest recent mostread outbrain taboola readmore weitere verwandt",
    "teaser": "teaser card| |card promo |tile |item| preview snippet",
    "nav": "|nav nav| navigation navbar menu |links| |toc|",
    "breadcrumb": "breadcrumb |crumb |path| |pfad",
    "footer": "foot copyright imprint impressum colophon |bottom",
    "header": "header masthead topbar |top| banner |logo kopf|",
    "sidebar": "sidebar aside |rail| |side| secondary complementary |marginal |left| |right| |col2| sidecol",
    "advert": "|ad| |ads| advert sponsor anzeige werbung |dfp| |promo| adslot |adbox affiliate",
    "cookie": "cookie consent gdpr privacy |notice disclaimer",
    "modal": "modal popup overlay dialog tooltip lightbox dropdown",
    "newsletter": "newsletter subscri signup |abo| login register account paywall |member |user",
    "tags": "|tag| |tags tags| tagcloud taglist categor keyword topic |label",
    "caption": "caption credit |figure |image |photo |bild picture |img|",
    "media": "gallery slider slideshow carousel video media player audio",
    "pagination": "pagin pager |prev |next| |pages|",
    "search": "search suche filter |sort",
    "print": "noprint |print hidden |hide invisible screenreader |sr|only| visually",
    "undisplayed": "|display|none| |visibility|hidden|",
    "list": "|list |grid |items| |row| |column",
    "widget": "widget |box| |module |block| |panel |tabs",
    "shop": "price preis |cart product |shop |buy| rating |vote review",
    "contact": "|about| contact kontakt |address |phone |vcard",
}
TEXT = {
    "cookies": "cookie privacy datenschutz",
    "newsletter": "newsletter subscribe abonnieren abonnez sign|up |mailing suscr",
    "comments": "comment kommentar commentaire reply antworten répondre leave|a |responses",
    "sharing": "|share teilen facebook twitter whatsapp instagram linkedin pinterest partager tweet",
    "more": "read|more weiterlesen |mehr| continue|reading lire|la lire|l more| |plus| weitere seguir|leyendo",
    "related": "|related see|also siehe|auch |lesen|sie mehr|zum ähnliche you|may|also interess |recent|posts à|lire most|read",
    "rights": "© copyright all|rights rechte|vorbehalten droits|réservés",
    "account": "|log|in| |login register anmelden registrieren |konto| password passwort mot|de|passe",
    "by": "|by| |von| |par| |author |autor| written|by |redaktion",
    "month": (
        "|januar |februar |märz| |mars| |march| |april |juni| |juli| |august| |septem |oktober |october |novem |dezem |decem "
        "|january |jan| |feb| |mar| |apr| |may| |mai| |jun| |jul| |aug| |sep| |oct| |okt| |nov| |dec| |dez| |uhr| |pm| |am|"
    ),
    "picture": "|foto |photo |bild| |image |picture |getty |dpa| |credit| |quelle",
    "print": "|print| |drucken |email| |mail| |pdf| |download |imprimer",
    "posted": "posted|in veröffentlicht |categor kategorie |tags| filed|under |tagged schlagw |published",
    "paging": "|previous |next| zurück |weiter| |vorherige |nächste |seite| |page| |older |newer |suivant précédent",
    "site": "|home| |menu |search| |suche| startseite kontakt impressum |agb| about|us terms |sitemap |contact| |accueil",
    "script": "javascript browser adblock |flash|",
    "shop": "€ |cart| warenkorb |price| |preis |versand |shipping |checkout",
}  # fmt: skip
TEXT_SHIFT = 32  # text groups begin at this bit
CLASS_GROUPS = (1 << TEXT_SHIFT) - 1
assert len(NAMES) <= TEXT_SHIFT
assert len(TEXT) <= 31
UNDISPLAYED = 1 << list(NAMES).index("undisplayed")

BORDER, OTHER_LETTER = 26, 27
SYMBOLS = 64  # 0..25 letters, 26 border, 27 other non-ASCII, then one for each non-ASCII byte of a fragment


def _symbols() -> np.ndarray:
    """A symbol for every byte: letters without case, one for all borders; bytes beyond ASCII are letters."""
    table = np.full(256, BORDER, dtype=np.uint8)
    table[128:] = OTHER_LETTER
    for number in range(26):
        table[ord("a") + number] = table[ord("A") + number] = number
    used = sorted({byte for text in TEXT.values() for byte in text.encode() if byte >= 128})
    for number, byte in enumerate(used):
        table[byte] = 28 + number
    assert 28 + len(used) <= SYMBOLS
    return table


SYMBOL_OF = _symbols()


def _fragments() -> list[tuple[list[int], int]]:
    found = []
    for first, groups in ((0, NAMES), (TEXT_SHIFT, TEXT)):
        for number, fragments in enumerate(groups.values()):
            for fragment in fragments.split():
                found.append(([int(SYMBOL_OF[byte]) for byte in fragment.encode()], 1 << (first + number)))
    return found


def _automaton() -> tuple[np.ndarray, np.ndarray]:
    """next state of (state, symbol), and the groups found on entering a state."""
    nexts: list[dict[int, int]] = [{}]
    masks = [0]
    for symbols, bit in _fragments():
        state = 0
        for symbol in symbols:
            if symbol not in nexts[state]:
                nexts[state][symbol] = len(nexts)
                nexts.append({})
                masks.append(0)
            state = nexts[state][symbol]
        masks[state] |= bit
    table = np.zeros((len(nexts), SYMBOLS), dtype=np.int16)
    queue: deque[tuple[int, int]] = deque([(0, 0)])
    while queue:
        state, fallback = queue.popleft()
        masks[state] |= masks[fallback] if state else 0
        for symbol in range(SYMBOLS):
            inherited = int(table[fallback, symbol]) if state else 0
            if symbol in nexts[state]:
                table[state, symbol] = nexts[state][symbol]
                queue.append((nexts[state][symbol], inherited))
            else:
                table[state, symbol] = inherited
    return table, np.array(masks, dtype=np.int64)


NEXT, FOUND = _automaton()


def groups_of(text: bytes) -> int:
    """The groups whose fragments a text holds, as bits: the plain reference of what the scanner does."""
    squeezed = re.sub(rb"[^a-z\x80-\xff]+", b"|", b"|" + text.lower() + b"|")
    found = 0
    for first, groups in ((0, NAMES), (TEXT_SHIFT, TEXT)):
        for number, fragments in enumerate(groups.values()):
            if any(fragment.encode() in squeezed for fragment in fragments.split()):
                found |= 1 << (first + number)
    return found
