"""Interprets column names: identifiers, durations, people, starts and ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import combinations, pairwise

# The first alternative separates capitals from the next word: `IDNumber` is ID and Number.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set; a text is easier to maintain than a list of strings."""
    return frozenset(text.split())


IDENTIFIERS = {
    "id", "ids", "key", "no", "nr", "num", "number", "uuid", "guid", "ref", "reference", "ticket", "index", "rowid",
    "zip", "zipcode", "postcode", "postal", "account", "code", "ext", "extension",
}  # fmt: skip
KEYS = {
    "id",
    "key",
    "no",
    "nr",
    "num",
    "number",
    "uuid",
    "guid",
    "ref",
    "reference",
    "ticket",
    "index",
    "rowid",
}
NUMBERS = {"no", "nr", "num", "number"}
COUNTS = {"count", "total", "sum", "amount", "quantity"}
DURATIONS = {
    "duration", "elapsed", "talk", "wait", "waiting", "hold", "handle", "handling", "speed", "avg", "average",
    "length", "lasted", "took", "aht", "asa", "acw", "wrap", "wrapup", "ring", "ringing", "idle", "break", "pause", "work",
    "dauer", "gesprachsdauer", "anrufdauer", "wartezeit", "sprechzeit", "gesprachszeit", "nachbearbeitung", "duree",
    "attente", "duracion", "espera",
}  # fmt: skip
CLOCKS = {
    "time", "at", "when", "clock", "timestamp", "hour", "date", "login", "logon", "logout", "logoff", "arrival", "uhrzeit",
    "uhr", "heure", "hora", "zeit",
}  # fmt: skip
DATES = {"date", "day", "dt", "dob", "birthday", "on"}
CONTACTS = {
    "phone", "mobile", "tel", "telephone", "cell", "cellphone", "msisdn", "fax", "ani", "ssn", "passport", "iban",
    "telefon", "telefonnummer", "rufnummer", "mobilnummer", "handynummer", "kontonummer", "telefono", "movil", "celular",
}  # fmt: skip
PEOPLE = word_set(
    """
    agent agents customer client caller callee employee operator supervisor manager contact patient user person owner
    assignee rep representative advisor adviser lead leader coach server trainer guest member subscriber holder recipient
    sender author technician staff by
    mitarbeiter mitarbeiterin kunde kunden anrufer anruferin bearbeiter bearbeiterin betreuer leiter ansprechpartner
    benutzer inhaber empfanger absender teilnehmer agentin
    agente cliente llamante usuario empleado operador gerente persona titular destinatario
    appelant utilisateur employe conseiller responsable personne titulaire destinataire
    """
)
NAMES = frozenset({"name", "names", "namen", "nom", "noms", "nombre", "nombres"})
_PARTS_OF_NAMES = frozenset(
    {"first", "last", "full", "given", "family", "middle", "maiden", "nick", "user", "display"}
)
# The names of these things are not personal data.
THINGS = word_set(
    """
    queue campaign team group department dept skill product company vendor city town country state region site branch
    store file event project service topic category call calls status type reason disposition day month
    weekday language plan brand model menu ivr script list code domain host currency tier segment channel shift level
    class room unit district area location place street building hotel restaurant item part device system application app
    warteschlange kampagne abteilung produkt firma ort stadt land standort sprache gruppe monat tag wochentag kategorie
    dienst thema anliegen filiale
    campagne equipe produit ville pays societe langue mois jour entreprise groupe sujet
    cola campana equipo producto ciudad pais empresa idioma mes dia departamento grupo tema motivo
    """
)
CALLERS = {
    "caller", "callee", "customer", "client", "contact", "from", "to", "calling", "called", "dialed", "dialled", "anrufer",
    "kunde", "appelant", "llamante", "cli",
}  # fmt: skip
STARTS = {
    "start",
    "started",
    "begin",
    "began",
    "from",
    "entry",
    "enter",
    "opened",
    "open",
    "received",
    "created",
}
ENDS = {
    "end", "ended", "finish", "finished", "to", "exit", "left", "closed", "close", "completed", "resolved", "stop",
}  # fmt: skip


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column name in lower case, without accents: the same for `AgentID` and `agent_id`."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    # NFKD decomposes accents, but leaves ß as it is.
    return tuple(word.lower() for word in _WORD.findall(plain.replace("ß", "ss")))


def says(name: str, words: set[str]) -> bool:
    """Return whether a column name contains one of the words."""
    return not words.isdisjoint(words_of(name))


def identifies(name: str, words: set[str]) -> bool:
    """Return whether one of the words makes a column an identifier; not so in `Number of Alarms` and `id count`."""
    found = words_of(name)
    counts = any(one in NUMBERS and other == "of" for one, other in pairwise(found))
    return not words.isdisjoint(found) and not counts and COUNTS.isdisjoint(found)


def _people(found: Iterable[str]) -> bool:
    """Return whether one of the words means people, also in the plural or genitive: agents, Mitarbeiters."""
    return any(word in PEOPLE or word.removesuffix("s") in PEOPLE for word in found)


def names_people(name: str) -> bool:
    """Return whether a column name means names of people: `Agent Name`, `Kundenname`, `full name`."""
    found = words_of(name)
    if not KEYS.isdisjoint(found):
        return False
    compounds = _people(word.removesuffix("name") for word in found if word.endswith("name"))
    named = not NAMES.isdisjoint(found) and (_people(found) or not _PARTS_OF_NAMES.isdisjoint(found))
    return compounds or (named and not names_things(name))


def may_name_people(name: str) -> bool:
    """Return whether a column name is about people, or about names without saying of what."""
    found = words_of(name)
    return (
        (_people(found) or not NAMES.isdisjoint(found)) and KEYS.isdisjoint(found) and not names_things(name)
    )


def names_things(name: str) -> bool:
    """Return whether a column name is about a thing: `Queue Name`, `Agent Group`, but not `Team Leader`."""
    found = [word for word in words_of(name) if word not in NAMES]
    return not THINGS.isdisjoint(found) and not _people(found[-1:])


def starts_and_ends(names: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of names of start and end of the same thing; if there is none, the only start and end."""
    named = [
        (one, other)
        for first, second in combinations(names, 2)
        for one, other in ((first, second), (second, first))
        if _about(one, STARTS) is not None and _about(one, STARTS) == _about(other, ENDS)
    ]
    starts = [name for name in names if says(name, STARTS)]
    ends = [name for name in names if says(name, ENDS)]
    alone = len(starts) == len(ends) == 1 and starts != ends
    return named or ([(starts[0], ends[0])] if alone else [])


def _about(name: str, words: set[str]) -> tuple[str, ...] | None:
    """Return the words of a name without its word for start or end, None if it has no such word."""
    found = words_of(name)
    rest = tuple(word for word in found if word not in words)
    return rest if len(rest) < len(found) else None


def snake(name: str) -> str:
    """Return a name as lower-case ASCII words joined by `_`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
