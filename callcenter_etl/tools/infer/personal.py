"""Decides whether a column holds personal data, by its header (in four languages) and by its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.tools.infer import name_meaning
from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.likenesses import UNMISTAKABLE, looks_unmistakable

MIN_PHONE_DIGITS = 7  # the shortest phone number
MIN_ACCOUNT_DIGITS = 8
_CODES = frozenset({"text", "digits", "integer", "decimal"})
_TEXT = frozenset({"text"})
# Values such as Y and N in a column "E-mail" say whether there is an address.
_ANSWERS = frozenset({"y", "n", "yes", "no", "true", "false", "0", "1", "j", "ja", "nein", "o", "oui", "non", "s", "si", "sí", "x"})  # fmt: skip
# Last words of headers about a property of personal data, and not about the data itself: E-mail Status, Phone Type.
_PROPERTIES = name_meaning.word_set(
    """
    type types kind count counts total status state flag category class group sent valid verified opt optin preference
    preferred consent model provider format length level rank score rating voice voicemail version reason result quality
    art anzahl typ kategorie gruppe anbieter stufe tipo estado etat statut nombre_de cantidad
    """
)


@dataclass(frozen=True, slots=True)
class Header:
    """The header words of one category of personal data, and the possible types of its values.

    `words` match as whole words, `parts` also inside longer ones (`kundentelefon`). `numbered` is False if a word such
    as ID makes the column a key: an "E-mail ID" is an address, but an "Agent ID" is not a name.
    """

    words: frozenset[str]
    parts: tuple[str, ...]
    types: frozenset[str]
    numbered: bool = True


HEADERS: Mapping[str, Header] = {
    "e-mail": Header(
        frozenset({"email", "mail", "correo", "courriel"}),
        ("email", "courriel", "correoelectronico", "mailadresse"),
        _TEXT,
    ),
    "phone": Header(
        name_meaning.word_set(
    """
            phone mobile mobil movil movile celular tel telephone telefon telefono telefonnummer rufnummer handy handynummer
            mobilnummer cell cellphone msisdn fax ani clid whatsapp anrufernummer portable
            """
),
        ("phone", "telefon", "telephon", "rufnummer", "mobilnummer", "handynummer", "callingnumber", "callednumber",
         "callernumber", "callerno", "dialednumber", "diallednumber", "contactnumber", "contactno", "callbacknumber"),
        _CODES,
    ),
    "official number": Header(
        frozenset({"ssn", "passport", "aadhaar", "aadhar", "dni", "nif", "nir", "curp", "cpf", "nino", "svnr", "pesel", "pasaporte", "passeport"}),
        ("socialsecurity", "sozialversicherung", "nationalid", "taxid", "steuerid", "steuernummer", "personalausweis",
         "ausweisnummer", "reisepass", "driverlicense", "driverslicense", "drivinglicence", "fuhrerschein",
         "securitesociale", "seguridadsocial"),
        _CODES,
    ),
    "bank account": Header(
        frozenset({"iban", "konto", "kontonummer", "cuenta"}),
        ("kontonummer", "bankaccount", "accountnumber", "bankverbindung", "comptebancaire", "cuentabancaria"),
        _CODES,
    ),
    "card": Header(
        frozenset({"pan", "cvv", "cvc", "kreditkarte"}),
        ("creditcard", "debitcard", "cardnumber", "cardno", "kreditkarte", "kartennummer", "cartebancaire", "numerocarte",
         "tarjetacredito", "tarjetadecredito", "numerotarjeta", "numerodetarjeta"),
        _CODES,
    ),
    "IP address": Header(frozenset({"ip", "ipv4", "ipv6"}), ("ipaddress", "ipaddr", "ipadresse", "adresseip", "direccionip"), _TEXT),
    "birth date": Header(
        frozenset({"dob", "birthday", "birth", "birthdate", "nacimiento", "naissance", "cumpleanos", "anniversaire"}),
        ("birthday", "dateofbirth", "birthdate", "geburt", "naissance", "nacimiento"),
        _CODES | {"date", "datetime"},
    ),
    "postal address": Header(
        frozenset({"address", "addr", "street", "adresse", "anschrift", "strasse", "rue", "direccion", "calle", "domicilio"}),
        ("address", "adresse", "anschrift", "strasse", "hausnummer", "direccion", "domicilio"),
        _TEXT,
        numbered=False,
    ),
    "name": Header(
        name_meaning.word_set(
    """
            firstname lastname surname forename fullname givenname familyname nickname maidenname username vorname nachname
            familienname zuname benutzername prenom prenoms apellido apellidos login
            """
),
        ("firstname", "lastname", "surname", "forename", "fullname", "givenname", "familyname", "middlename", "maidenname",
         "vorname", "nachname", "familienname", "prenom", "apellido"),
        _TEXT,
        numbered=False,
    ),
    "free text": Header(
        name_meaning.word_set(
    """
            note notes comment comments remark remarks transcript message messages bemerkung bemerkungen notiz notizen
            kommentar kommentare anmerkung anmerkungen freitext nachricht mitschrift commentaire commentaires remarque
            remarques observation observations transcription observacion observaciones comentario comentarios mensaje notas
            """
),
        ("freetext", "freitext", "bemerkung", "kommentar", "commentaire", "comentario"),
        _TEXT,
        numbered=False,
    ),
}  # fmt: skip


def why_personal(profile: ColumnProfile, kind: str) -> str | None:
    """Return the evidence that a column of type `kind` holds personal data, None if there is none."""
    if _are_answers(profile):
        return None
    found = _contact_data(profile, kind)
    if found is None and any(
        _says(header, profile.name) and kind in header.types for header in HEADERS.values()
    ):
        found = "by its name"
    if found is None and kind == "text":
        found = _names_or_text(profile)
    return None if found is None else f"personal: {found}"


def _contact_data(profile: ColumnProfile, kind: str) -> str | None:
    if kind not in _CODES:
        return None
    for what in (*UNMISTAKABLE, "postal addresses"):
        if profile.looks_like(what):
            return f"they look like {what}"
    if profile.looks_like("e-mail addresses and phone numbers"):
        return "some look like e-mail addresses or phone numbers"
    called = kind != "decimal" and profile.has_called_numbers
    return "they look like phone numbers" if called or _is_caller(profile, kind) else None


def _names_or_text(profile: ColumnProfile) -> str | None:
    name = profile.name
    if name_meaning.names_people(name):
        return "by its name"
    if name_meaning.may_name_people(name) and (
        profile.looks_like("names") or profile.looks_like("given names")
    ):
        return "they look like names of people"
    if not name_meaning.names_things(name) and profile.looks_like("given names"):
        return "they look like names of people"
    if profile.looks_like("free text") and not profile.repeats_often:
        return "they look like free text"
    found = None if profile.distinct is None else looks_unmistakable(list(profile.distinct))
    return None if found is None else f"some look like {found}"


def _are_answers(profile: ColumnProfile) -> bool:
    distinct = profile.distinct
    return bool(distinct) and {value.strip().lower() for value in distinct or ()} <= _ANSWERS


def _is_caller(profile: ColumnProfile, kind: str) -> bool:
    """Return whether the values are digits as long as phone numbers, in a column about callers."""
    least = (profile.lengths or (0, 0))[0]
    return (
        kind == "digits"
        and least >= MIN_PHONE_DIGITS
        and name_meaning.says(profile.name, name_meaning.CALLERS)
    )


def _says(header: Header, name: str) -> bool:
    found = name_meaning.words_of(name)
    if not found or found[-1] in _PROPERTIES or not name_meaning.COUNTS.isdisjoint(found):
        return False
    if not header.numbered and not name_meaning.KEYS.isdisjoint(found):
        return False
    joined = "".join(found)
    return not header.words.isdisjoint(found) or any(part in joined for part in header.parts)
