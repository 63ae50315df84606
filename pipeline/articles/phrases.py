"""How pages that are no article speak, in the languages of most sources.

Written as patterns on one plain line, caseless. `kinds` decides where each may be looked for.
"""

from __future__ import annotations

import re


def _any_of(*alternatives: str) -> re.Pattern[str]:
    """Return one caseless pattern of several."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


CONSENT = _any_of(
    r"before you continue",
    r"(?:we|wir|nous) (?:value|care about|respect|respektieren|respectons) (?:your|ihre|votre)"
    r" (?:privacy|privatsphäre|vie privée)",
    r"your privacy (?:choices|matters)|privacy (?:settings|preferences|cent(?:er|re))\b",
    r"cookie (?:consent|settings|preferences|einstellungen)|accept (?:all )?cookies",
    r"(?:alle[mn]?|cookies) zustimmen|zustimmen und (?:weiter|fortfahren)",
    r"(?:einwilligung|zustimmung)\b.{0,40}\bcookies|datenschutzeinstellungen",
    r"gérer (?:mes|vos) choix|tout accepter",
    r"consent(?:ement|imiento|o)?\b.{0,40}\bcookies|alle(?:s)? akzeptieren|pur-abo",
    r"accetta(?:re)? (?:tutti )?i cookie|aceptar (?:todas las )?cookies|aceitar (?:os )?cookies",
    r"cookies accepteren",
)
#: A title, or its part beside the site's name, that says nothing but that the page is not there.
ERROR_TITLE = _any_of(
    r"(?:error|fehler|erreur|errore|erro|http)?\W*(?:40[0134]|410|429|50[0234])"
    r"(?:\W*(?:error|fehler|erreur|not found|file not found|page not found|forbidden|gone"
    r"|seite nicht gefunden|page non trouvée|página no encontrada|pagina non trovata"
    r"|too many requests|internal server error|bad gateway|service unavailable))?\W*",
    r"(?:sorry,? |oops\W+|uh-oh\W+)?(?:the |this |that )?(?:page|article|story|content|file|post)"
    r" (?:was |is |could |can)?(?:not )?(?:be )?(?:found|unavailable|missing)\W*",
    r"(?:page|article|content|file) (?:not found|does(?:n[o’']t| not) exist)\W*",
    r"(?:not found|nothing found|no results found|access denied|forbidden|bad gateway)\W*",
    r"(?:die )?(?:seite|artikel) (?:wurde )?(?:leider )?nicht (?:gefunden|vorhanden)\W*",
    r"page (?:introuvable|non trouvée)\W*|página no encontrada\W*|pagina non trovata\W*",
    r"página não encontrada\W*|pagina niet gevonden\W*|nie znaleziono strony\W*",
    r"sidan (?:hittades inte|kunde inte hittas)\W*|siden (?:ble|blev) ikke (?:funnet|fundet)\W*",
    r"sayfa bulunamadı\W*|страница не найдена\W*|сторінку не знайдено\W*",
    r"ページが見つかりません(?:でした)?\W*|(?:页面不存在|找不到(?:页面|頁面))\W*",
    r"페이지를 찾을 수 없습니다\W*",
)
#: The same in passing: looked for in the titles and first words of pages that say little.
ERROR = _any_of(
    r"^\W*(?:error\W*)?(?:40[0134]|410|429|50[0234])\b",
    r"(?:page|article|story|content|file) (?:was |is |could )?"
    r"(?:not (?:be )?(?:found|available)|no longer)",
    r"page (?:that )?(?:you (?:are|were)|you[’']re) (?:looking for|trying to)",
    r"(?:page|content) you(?:[’']ve| have)? requested",
    r"^(?:not found|access denied|forbidden|service unavailable|bad gateway|oops|something went"
    r" wrong|temporarily unavailable)\b",
    r"^(?:site|scheduled|under) maintenance\W*$|^wartungsarbeiten\W*$",
    r"(?:site|we) (?:is|are) (?:currently )?(?:under|undergoing|down for) (?:\w+ )?maintenance",
    r"seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada"
    r"|pagina non trovata|página não encontrada|pagina niet gevonden|ページが見つかりません",
)
#: Checks for robots; no newsroom writes to its readers like this.
ROBOT_CHECK = _any_of(
    r"^(?:just a moment|attention required|are you (?:a robot|human)|please verify|verify you are"
    r" human|security check|pardon our interruption|human verification|ddos protection)\b",
    r"checking (?:if the site connection is secure|your browser)",
    r"(?:verify|confirm|prove|verifying) (?:that )?you(?:[’']re| are) (?:a )?(?:not a robot|human)",
    r"access to this page has been denied|unusual (?:traffic|activity) from your",
    r"enable (?:js|javascript|cookies)(?: and (?:js|javascript|cookies))? (?:to continue|and"
    r" disable)",
    r"request unsuccessful",
)
#: A publisher took its piece back.
REMOVED = _any_of(
    r"(?:this|the|that) (?:article|story|page|post|content|item|video) (?:has (?:since )?been|was"
    r"|is) (?:removed|deleted|withdrawn|taken down|unpublished|no longer (?:available|online))",
    r"we have (?:removed|withdrawn|taken down|deleted) this (?:article|story|page|post|item|video)",
    r"(?:dieser|der) (?:artikel|beitrag|text) (?:wurde (?:\w+ )?(?:entfernt|gelöscht"
    r"|zurückgezogen|depubliziert)|(?:ist|steht) (?:leider )?nicht mehr (?:verfügbar|abrufbar"
    r"|online|zur verfügung))",
    r"cet article (?:a été (?:supprimé|retiré)|n[’']est plus (?:disponible|en ligne))",
    r"este (?:artículo|contenido) (?:ha sido|fue) (?:eliminado|retirado)|este (?:artículo"
    r"|contenido) ya no está disponible",
    r"quest[o’'] ?articolo (?:è stato rimosso|non è più disponibile)",
    r"est[ea] (?:artigo|matéria|notícia) (?:foi (?:removid|excluíd)[oa]|não está mais disponível)",
    r"dit artikel is (?:verwijderd|niet (?:meer|langer) beschikbaar)",
)
#: A wall in front of a text: for those who pay, or who have an account.
PAYWALL = _any_of(
    r"subscribe (?:now )?(?:to|and) (?:continue|read|keep|get (?:full|unlimited)|unlock|access)",
    r"(?:log|sign) ?in (?:or \w+ )?to (?:continue|read|view|access)",
    r"(?:only (?:available )?(?:for|to)|exclusive(?:ly)? (?:for|to)|reserved for) (?:our )?"
    r"(?:paying |premium )?(?:subscribers|members)",
    r"(?:create|register for) (?:a free |an |your )(?:free )?account to|register to (?:continue"
    r"|read)|already (?:a subscriber|have an account|a member)|(?:subscriber|members?)[- ]only",
    r"to continue reading|continue reading (?:with|for|by)|you(?:[’']ve| have) (?:reached|read)"
    r" your (?:free )?(?:article )?limit|(?:free|remaining) articles? (?:left|this month)",
    r"(?:jetzt|hier) (?:abonnieren|weiterlesen|registrieren)|weiterlesen mit|nur für (?:\w+-)?"
    r"abonnent|(?:bereits|schon) (?:abonnent|registriert|digitalabo)|diesen artikel (?:lesen sie"
    r" )?(?:nur )?mit",
    r"réservé (?:aux|à nos) abonnés|abonnez-vous pour|déjà abonné|pour lire la suite",
    r"(?:contenido )?exclusivo para suscriptores|suscríbe(?:te|ase) para|ya (?:es|eres) suscriptor",
    r"riservato agli abbonati|abbonati per|sei già abbonato",
    r"exclusivo para assinantes|assine para|já é assinante",
    r"alleen voor abonnees|abonneer(?: je)? (?:nu )?om|al abonnee",
)
#: A title that is nothing but the door.
PAYWALL_TITLE = _any_of(
    r"(?:log|sign)[ -]?(?:in|up)\W*|subscribe(?: now)?\W*|register\W*|(?:my )?account\W*",
    r"anmelden\W*|einloggen\W*|abonnieren\W*|(?:se )?connecte[rz](?:-vous)?\W*|connexion\W*",
    r"iniciar sesión\W*|accedi\W*|entrar\W*|inloggen\W*|logga in\W*|logg inn\W*|zaloguj się\W*",
)
