"""Lines that are nothing but a website's furniture: share bars, log-in and subscription links, cookie buttons.

A line is furniture if it is short, holds no mark that running text or a program needs, and its words are
phrases of the table from the first to the last. One strong phrase among them is enough (before a full stop, one
of three words: "Read more." may be said by somebody); weak ones, which could be a heading or a list's item too,
count from three different ones on, and not where commas make a list of them. The table is our own, from what is left of real pages after extraction; phrases are in lower case.
"""

from __future__ import annotations

import re
from functools import cache

from tasks.filter.editing.candidates import SHORT_LINE, first_word

MAX_WORDS = 16

# Language -> phrases that only a site's furniture says.
STRONG = {
    "en": (
        "share this", "share this post", "share this article", "share this page", "share this entry",
        "share this story", "share on facebook", "share on twitter", "share on linkedin", "share on pinterest",
        "share on whatsapp", "share on reddit", "share on tumblr", "share on telegram", "share on email",
        "share on x", "share via email", "share to facebook", "share to twitter", "share to pinterest",
        "click to share on facebook", "click to share on twitter", "click to share on linkedin",
        "click to share on pinterest", "click to share on whatsapp", "click to share on reddit",
        "click to share on tumblr", "click to share on telegram", "click to share on pocket",
        "click to share on x", "click to email this to a friend", "click to email a link to a friend",
        "click to print", "opens in new window", "email this", "blogthis", "pin it", "tweet this",
        "tweet", "email to a friend", "email this article", "print this page", "print this article",
        "follow us", "follow us on facebook", "follow us on twitter", "follow us on instagram",
        "follow us on linkedin", "follow us on youtube", "follow us on", "like us on facebook", "find us on facebook",
        "like this", "like loading", "follow on twitter", "follow on facebook", "follow on instagram",
        "be the first to comment", "leave a comment", "leave a reply", "post a comment", "add a comment",
        "add comment", "view all comments", "view comments", "show comments", "load more comments", "no comments",
        "no comments yet", "comments are closed", "comments off", "cancel reply", "reply to this",
        "log in to reply", "log in to leave a comment", "log in to comment", "login to comment", "sign in to comment",
        "you must be logged in to post a comment", "your email address will not be published",
        "required fields are marked", "save my name email and website in this browser for the next time i comment",
        "notify me of new posts by email", "notify me of follow-up comments by email",
        "notify me of new comments via email", "notify me of followup comments via e-mail",
        "log in", "log out", "sign in", "sign up", "sign out", "sign up now", "sign up here", "log in here",
        "create an account", "create account", "create a free account", "register now", "register here",
        "already have an account", "already a member", "not a member", "not a member yet", "forgot password",
        "forgot your password", "forgot username", "remember me", "keep me logged in", "sign in with google",
        "sign in with facebook", "log in with facebook", "continue with google", "continue with facebook",
        "subscribe now", "subscribe today", "subscribe here", "subscribe to our newsletter",
        "subscribe to our mailing list", "subscribe via email", "subscribe to blog via email",
        "subscribe to this blog", "subscribe to rss", "sign up for our newsletter", "sign up for the newsletter",
        "join our newsletter", "join our mailing list", "join the mailing list", "get our newsletter",
        "newsletter sign up", "newsletter signup", "enter your email", "enter your email address",
        "thanks for subscribing", "thank you for subscribing", "unsubscribe at any time",
        "you can unsubscribe at any time", "we respect your privacy",
        "accept cookies", "accept all cookies", "accept all", "reject all", "reject all cookies", "decline cookies",
        "cookie settings", "cookie preferences", "cookies settings", "cookie policy", "cookie notice",
        "manage cookies", "manage preferences", "allow all cookies",
        "privacy policy", "privacy settings", "privacy notice", "your privacy choices",
        "do not sell my personal information", "do not sell or share my personal information", "terms of use",
        "terms of service", "terms and conditions", "terms & conditions", "all rights reserved",
        "skip to content", "skip to main content", "skip to navigation", "back to top", "scroll to top",
        "toggle navigation", "toggle menu", "main menu", "close menu", "open menu", "site map",
        "advertisement", "advertisements", "report this ad", "sponsored content", "story continues below",
        "continue reading below", "read more", "read more »", "read full article", "show more", "show less",
        "load more", "view more", "click here", "learn more", "continue reading", "keep reading",
        "related posts", "related articles", "you may also like", "you might also like", "recommended for you",
        "more from this author", "previous post", "next post", "previous article", "next article",
        "older posts", "newer posts", "older post", "newer post", "add to cart", "add to wishlist", "add to wish list",
        "add to basket", "add to bag", "add to compare", "view cart", "proceed to checkout", "my account",
        "your cart is empty", "powered by wordpress", "proudly powered by wordpress", "powered by blogger",
        "posted in", "filed under", "permalink", "copy link", "link copied", "report abuse", "flag as inappropriate",
    ),
    "de": (
        "teilen auf facebook", "auf facebook teilen", "auf twitter teilen", "bei facebook teilen",
        "bei twitter teilen", "beitrag teilen", "artikel teilen", "diesen artikel teilen", "diesen beitrag teilen",
        "seite drucken", "artikel drucken", "per e-mail teilen", "per e-mail versenden", "folgen sie uns",
        "folge uns", "folgen sie uns auf facebook", "jetzt anmelden", "jetzt registrieren", "konto erstellen",
        "passwort vergessen", "angemeldet bleiben", "noch kein konto", "bereits registriert", "hier anmelden",
        "newsletter abonnieren", "jetzt abonnieren", "zum newsletter anmelden", "newsletter anmeldung",
        "kommentar schreiben", "kommentar verfassen", "schreibe einen kommentar", "schreiben sie einen kommentar",
        "antworten abbrechen", "antwort abbrechen", "alle kommentare anzeigen", "keine kommentare",
        "deine e-mail-adresse wird nicht veröffentlicht", "ihre e-mail-adresse wird nicht veröffentlicht",
        "erforderliche felder sind markiert", "erforderliche felder sind mit markiert",
        "alle akzeptieren", "alle cookies akzeptieren", "cookies akzeptieren", "alle ablehnen", "cookies ablehnen",
        "cookie-einstellungen", "cookie einstellungen", "datenschutzerklärung", "datenschutzeinstellungen",
        "datenschutz impressum", "impressum datenschutz", "alle rechte vorbehalten", "zum inhalt springen",
        "zum hauptinhalt springen", "nach oben", "zum seitenanfang", "zurück zum anfang", "mehr erfahren",
        "weiterlesen", "mehr lesen", "jetzt lesen", "mehr anzeigen", "weitere artikel", "ähnliche artikel",
        "ähnliche beiträge", "das könnte sie auch interessieren", "das könnte dich auch interessieren",
        "vorheriger beitrag", "nächster beitrag", "vorheriger artikel", "nächster artikel", "in den warenkorb",
        "zur kasse", "zum warenkorb", "auf den merkzettel", "auf die wunschliste", "anzeige",
        "navigation überspringen", "menü öffnen", "menü schließen", "menü schliessen",
    ),
    "fr": (
        "partager sur facebook", "partager sur twitter", "partager sur linkedin", "partager sur whatsapp",
        "partager sur pinterest", "partager cet article", "partagez cet article", "partager par e-mail",
        "partager par email", "envoyer par e-mail", "envoyer par email", "imprimer cet article", "imprimer la page",
        "suivez-nous", "suivez nous", "suivez-nous sur facebook", "nous suivre", "se connecter", "s'inscrire",
        "s’inscrire", "créer un compte", "mot de passe oublié", "se souvenir de moi", "déjà inscrit",
        "déjà un compte", "inscription à la newsletter", "s'abonner", "s’abonner", "s'abonner à la newsletter",
        "s’abonner à la newsletter", "abonnez-vous", "abonnez-vous à notre newsletter", "je m'abonne", "je m’abonne",
        "laisser un commentaire", "laissez un commentaire", "ajouter un commentaire", "poster un commentaire",
        "publier un commentaire", "aucun commentaire", "annuler la réponse", "lire les commentaires",
        "votre adresse e-mail ne sera pas publiée", "votre adresse de messagerie ne sera pas publiée",
        "les champs obligatoires sont indiqués avec", "tout accepter", "tout refuser", "accepter les cookies",
        "accepter tous les cookies", "refuser les cookies", "paramétrer les cookies", "gérer les cookies",
        "gestion des cookies", "politique de confidentialité", "politique de cookies", "mentions légales",
        "tous droits réservés", "aller au contenu", "aller au contenu principal", "passer au contenu",
        "haut de page", "retour en haut", "retour en haut de page", "en savoir plus", "lire la suite", "lire plus",
        "voir plus", "voir tout", "articles similaires", "articles liés", "sur le même sujet",
        "vous aimerez aussi", "article précédent", "article suivant", "ajouter au panier", "voir le panier",
        "ajouter à la liste de souhaits", "publicité", "conditions générales de vente",
        "conditions générales d'utilisation", "conditions générales d’utilisation", "plan du site",
    ),
    "es": (
        "compartir en facebook", "compartir en twitter", "compartir en linkedin", "compartir en whatsapp",
        "compartir en pinterest", "comparte en facebook", "comparte en twitter", "compartir por email",
        "compartir por correo", "comparte esto", "compartir esto", "comparte este artículo",
        "compartir este artículo", "enviar por correo electrónico", "imprimir esta página", "síguenos",
        "síguenos en facebook", "síguenos en twitter", "síguenos en instagram", "síganos", "iniciar sesión",
        "inicia sesión", "cerrar sesión", "crear una cuenta", "crear cuenta", "olvidé mi contraseña",
        "olvidaste tu contraseña", "has olvidado tu contraseña", "recuérdame", "regístrate", "regístrate ahora",
        "suscríbete", "suscríbete a nuestro boletín", "suscríbete a nuestra newsletter", "suscribirse",
        "suscríbase", "deja un comentario", "dejar un comentario", "deja una respuesta", "dejar una respuesta",
        "cancelar la respuesta", "cancelar respuesta", "publicar un comentario", "añadir comentario",
        "no hay comentarios", "sin comentarios", "tu dirección de correo electrónico no será publicada",
        "los campos obligatorios están marcados con", "aceptar todo", "aceptar todas", "aceptar cookies",
        "aceptar todas las cookies", "rechazar todo", "rechazar todas", "rechazar cookies", "configurar cookies",
        "configuración de cookies", "política de privacidad", "política de cookies", "aviso legal",
        "todos los derechos reservados", "saltar al contenido", "ir al contenido", "ir al contenido principal",
        "volver arriba", "ir arriba", "leer más", "seguir leyendo", "ver más", "ver todo", "más información",
        "saber más", "artículos relacionados", "entradas relacionadas", "noticias relacionadas",
        "también te puede interesar", "te puede interesar", "entrada anterior", "entrada siguiente",
        "artículo anterior", "artículo siguiente", "añadir al carrito", "ver carrito", "publicidad",
        "términos y condiciones", "mapa del sitio",
    ),
    "it": (
        "condividi su facebook", "condividi su twitter", "condividi su whatsapp", "condividi questo articolo",
        "condividi via email", "seguici", "seguici su facebook", "seguici su", "accedi", "registrati",
        "password dimenticata", "iscriviti alla newsletter", "lascia un commento", "annulla risposta",
        "accetta tutti", "accetta tutti i cookie", "accetta i cookie", "rifiuta tutti", "impostazioni cookie",
        "informativa sulla privacy", "tutti i diritti riservati", "vai al contenuto", "torna su", "leggi tutto",
        "leggi di più", "scopri di più", "continua a leggere", "articoli correlati", "articolo precedente",
        "articolo successivo", "aggiungi al carrello", "pubblicità",
    ),
    "pt": (
        "compartilhar no facebook", "compartilhar no twitter", "compartilhar no whatsapp", "compartilhe",
        "compartilhe isso", "partilhar no facebook", "siga-nos", "siga nos", "fazer login", "iniciar sessão",
        "criar conta", "esqueceu a senha", "esqueceu sua senha", "inscreva-se", "cadastre-se", "assine já",
        "deixe um comentário", "deixe uma resposta", "cancelar resposta", "aceitar todos", "aceitar cookies",
        "aceitar todos os cookies", "rejeitar todos", "configurações de cookies", "política de privacidade",
        "todos os direitos reservados", "pular para o conteúdo", "ir para o conteúdo", "voltar ao topo",
        "leia mais", "ler mais", "saiba mais", "ver mais", "continue lendo", "artigos relacionados",
        "adicionar ao carrinho", "publicidade",
    ),
    "nl": (
        "deel op facebook", "delen op facebook", "deel op twitter", "delen via e-mail", "deel dit artikel",
        "volg ons", "volg ons op facebook", "inloggen", "account aanmaken", "wachtwoord vergeten",
        "schrijf je in voor de nieuwsbrief", "aanmelden voor de nieuwsbrief", "geef een reactie",
        "plaats een reactie", "laat een reactie achter", "reactie annuleren", "alles accepteren",
        "alle cookies accepteren", "cookies accepteren", "cookie-instellingen", "privacybeleid", "privacyverklaring",
        "alle rechten voorbehouden", "naar de inhoud", "ga naar de inhoud", "terug naar boven", "lees meer",
        "lees verder", "meer lezen", "gerelateerde berichten", "gerelateerde artikelen", "in winkelwagen",
        "advertentie",
    ),
}  # fmt: skip
# Phrases that are furniture only in company.
WEAK = {
    "en": (
        "share", "print", "email", "e-mail", "facebook", "twitter", "linkedin", "pinterest", "whatsapp", "reddit",
        "instagram", "youtube", "tumblr", "telegram", "google+", "google plus", "pocket", "rss", "login",
        "logout", "register", "subscribe", "follow", "like", "reply", "save", "menu", "home", "contact",
        "contact us", "about", "about us", "help", "faq", "sitemap", "privacy", "terms", "cookies", "cookie",
        "search", "comments", "comment", "loading", "close", "newsletter", "previous", "next", "feed", "dismiss", "accept",
        "decline", "reject", "cancel", "ok", "got it", "i agree", "i accept", "copyright", "legal", "imprint",
    ),
    "de": ("teilen", "drucken", "anmelden", "registrieren", "abonnieren", "antworten", "impressum", "datenschutz",
           "kontakt", "startseite", "suche", "merken", "kommentare", "agb", "weiter", "werbung", "einverstanden",
           "akzeptieren", "ablehnen", "twittern", "mitteilen"),
    "fr": ("partager", "imprimer", "connexion", "inscription", "répondre", "accueil", "contact", "contactez-nous",
           "recherche", "rechercher", "commentaires", "tweeter", "envoyer", "suivre", "accepter",
           "refuser", "fermer"),
    "es": ("compartir", "imprimir", "acceder", "registrarse", "responder", "inicio", "contacto", "buscar",
           "comentarios", "tuitear", "enviar", "seguir", "aceptar", "rechazar", "cerrar"),
    "it": ("condividi", "stampa", "rispondi", "contatti", "cerca", "commenti", "accetta", "rifiuta"),
    "pt": ("compartilhar", "partilhar", "entrar", "contato", "comentários", "aceitar", "rejeitar"),
    "nl": ("delen", "deel", "registreren", "reageer", "contact", "zoeken", "reacties", "accepteren"),
}  # fmt: skip
# What may stand between phrases.
FILLING = ("or", "and", "this", "more", "oder", "und", "mehr", "et", "ou", "y", "o", "e", "en", "of")

_WORD = re.compile(r"[^\W\d_]+(?:[-'’+][^\W\d_]+)*")
# What furniture has between words and around them; anything else and the line says something.
_PLAIN = re.compile(r"[\w\s|·•»«›‹/,.:;!?()&+*…→←↑↓©'’\"“”–—-]*")
_SAYS_MORE = re.compile(r"_|\(\)|^\s*\#|[^\W\d]\.[^\W\d]")  # a name in a program, a call, a heading's mark
_COUNT = re.compile(r"\(\s*\d{1,6}\s*\)|(?<!\d)\d{1,3}(?!\d)")  # "Comments (1234)", "Tweet 3"
MAX_COUNTS = 3


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


@cache
def _table() -> tuple[dict[tuple[str, ...], int], int]:
    """Phrase, as words -> 2 strong, 1 weak, 0 filling; and the words of the longest one."""
    found = {_words(phrase): 0 for phrase in FILLING}
    found |= {_words(phrase): 1 for phrases in WEAK.values() for phrase in phrases}
    found |= {_words(phrase): 2 for phrases in STRONG.values() for phrase in phrases}
    return found, max(map(len, found))


@cache
def first_words() -> frozenset[bytes]:
    """The first words of phrases as `first_word` sees them, in lower case, capitalised and in capitals.

    Furniture begins with no filling: lines that begin with "this" or "and" are many.
    """
    return frozenset(
        first_word(form(" ".join(phrase)).encode())
        for phrase, strength in _table()[0].items()
        if strength
        for form in (str.lower, str.capitalize, str.upper)
    )


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(word for phrase in _table()[0] for word in phrase)


def is_boilerplate(line: bytes) -> bool:
    """Whether a line (without its newline) is nothing but furniture."""
    if len(line) > SHORT_LINE or first_word(line) not in first_words():
        return False
    text = line.decode("utf-8", "replace").lower()
    words = _words(text)
    if not 0 < len(words) <= MAX_WORDS or not _vocabulary().issuperset(words):
        return False
    bare, counts = _COUNT.subn("", text)
    if counts > MAX_COUNTS or any(map(str.isdigit, bare)):
        return False
    if not _PLAIN.fullmatch(text) or _SAYS_MORE.search(text):
        return False
    phrases = _covering(words)
    strong = [phrase for phrase, strength in phrases.items() if strength == 2]
    if text.rstrip(" \t\"'’”»)").endswith("."):
        return any(len(phrase) > 2 for phrase in strong)
    return bool(strong) or (sum(phrases.values()) > 2 and "," not in text)


def _covering(words: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The phrases that make up the words, the longest first at every place; empty if some words are in none."""
    table, longest = _table()
    found: dict[tuple[str, ...], int] = {}
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            phrase = words[at : at + size]
            if phrase in table:
                found[phrase] = table[phrase]
                at += size
                break
        else:
            return {}
    return found
