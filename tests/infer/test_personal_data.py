"""Personal data are recognised by header and by content, classified, and shown nowhere. All data are made up."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from callcenter_etl.errors import UsageError
from callcenter_etl.tools.infer import Inference, InferOptions, infer_contract
from callcenter_etl.tools.infer.likenesses import has_iban_digits, has_luhn_digit

RECORDS = 200
FIRST = ("Asha", "Bilal", "Chen", "Dörte", "Émile", "Fátima", "Giuseppe")
LAST = ("Ravikumar", "Qureshi", "O'Nainn", "Müllerstein", "Lefèvre-Duval", "de la Crux", "Rossignol")
QUEUES = ("Billing Support", "Retention", "Technical Help")


def person(i: int) -> str:
    return f"{FIRST[i % 7]} {LAST[i % 7]}"


def card(i: int) -> str:
    body = f"4{i * 7919:014}"
    return next(f"{body}{digit}" for digit in range(10) if has_luhn_digit(f"{body}{digit}"))


def iban(i: int) -> str:
    account = f"{50010517:08}{i * 104729:010}"
    return next(
        f"DE{check:02}{account}" for check in range(2, 99) if has_iban_digits(f"DE{check:02}{account}")
    )


Maker = Callable[[int], str]
# Headers that say it: whatever the values look like.
BY_HEADER: dict[str, Maker] = {
    "Agent Name": lambda i: ("asha r.", "BILAL-Q", "c4 chen")[i % 3],
    "customer_name": person,
    "Kundenname": lambda i: ("mustermensch", "beispielfrau")[i % 2],
    "Name des Mitarbeiters": lambda i: ("mustermensch", "beispielfrau")[i % 2],
    "Nom de l'agent": lambda i: ("lefevreduval", "dupontmartin")[i % 2],
    "Nombre del cliente": lambda i: ("garcialopez", "fernandezruiz")[i % 2],
    "AgentName": lambda i: ("ravikumar", "qureshi")[i % 2],
    "Vorname": lambda i: ("Xaveria", "Yorickson")[i % 2],
    "Nachname": lambda i: ("Zwiebelfisch", "Querkopfer")[i % 2],
    "Prénom": lambda i: ("Xaverine", "Yorickette")[i % 2],
    "Apellidos": lambda i: ("garcialopez", "fernandezruiz")[i % 2],
    "user_name": lambda i: ("aravi77", "bqureshi12")[i % 2],
    "phone": lambda i: f"{70012300 + i % 4}",
    "Téléphone": lambda i: f"{70012300 + i % 4}",
    "Teléfono móvil": lambda i: f"{70012300 + i % 4}",
    "Rufnummer": lambda i: f"{70012300 + i % 4}",
    "kundentelefon": lambda i: f"{70012300 + i % 4}",
    "Contact Number": lambda i: f"{70012300 + i % 4}",
    "E-mail": lambda i: ("asha at example", "bilal at example")[i % 2],
    "Correo electrónico": lambda i: ("asha at example", "bilal at example")[i % 2],
    "Address": lambda i: ("behind the mill", "opposite the bakery")[i % 2],
    "Straße": lambda i: ("Hinterhofmühle", "Vorderbäckerei")[i % 2],
    "Anschrift": lambda i: ("Hinterhofmühle", "Vorderbäckerei")[i % 2],
    "Dirección": lambda i: ("detrás del molino", "frente a la panadería")[i % 2],
    "date_of_birth": lambda i: f"19{50 + i % 40}-03-{1 + i % 28:02}",
    "Geburtsdatum": lambda i: f"{1 + i % 28:02}.03.19{50 + i % 40}",
    "Date de naissance": lambda i: f"{1 + i % 28:02}/03/19{50 + i % 40}",
    "Fecha de nacimiento": lambda i: f"{1 + i % 28:02}/03/19{50 + i % 40}",
    "Kommentar": lambda i: ("ruft morgen an", "war sehr verärgert")[i % 2],
    "Commentaire": lambda i: ("rappelle demain", "très mécontent")[i % 2],
    "Observaciones": lambda i: ("llamará mañana", "muy enfadada")[i % 2],
    "Kontonummer": lambda i: f"{880012300 + i % 4}",
    "Credit Card Number": lambda i: f"4000{i % 4}",
    "Passport No": lambda i: ("C01X0006H", "C01X0007K")[i % 2],
}
# Headers that say nothing, values that do.
BY_CONTENT: dict[str, Maker] = {
    "names": person,
    "names_turned": lambda i: f"{LAST[i % 7]}, {FIRST[i % 7]}",
    "names_in_capitals": lambda i: person(i).upper(),
    "logins": lambda i: f"{('asha', 'bilal', 'dagmar', 'giuseppe')[i % 4]}.x{'qrst'[i % 4]}",
    "mails": lambda i: f"caller{i % 6}@example.com",
    "named_mails": lambda i: f"Caller {i % 6} <caller{i % 6}@example.com>",
    "international": lambda i: f"+49301234{i % 6:03}",
    "spaced": lambda i: f"+49 30 1234{i % 6:03}",
    "national": lambda i: f"030 / 98765{i % 6:03}",
    "american": lambda i: f"(415) 555-0{i % 6:03}",
    "french": lambda i: f"01 23 45 67 {10 + i % 6}",
    "plus_or_not": lambda i: ("+49301234567", "493012345678")[i % 2],
    "mail_or_phone": lambda i: ("caller7@example.com", "+49 30 1234567")[i % 2],
    "mail_at_times": lambda i: "caller7@example.com" if i % 20 == 0 else ("none", "pending")[i % 2],
    "ip4": lambda i: f"203.0.113.{i % 6}",
    "ip6": lambda i: f"2001:db8::{i % 6 + 1:x}:17",
    "accounts": lambda i: iban(i % 6),
    "cards": lambda i: card(i % 6),
    "spaced_cards": lambda i: re.sub("(....)(?=.)", r"\1 ", card(i % 6)),
    "streets": lambda i: f"{100 + i % 6} Whispering Pines Road",
    "german_streets": lambda i: f"Am Mühlbachweg {10 + i % 6}",
    "french_streets": lambda i: f"{10 + i % 6} rue des Lilas",
    "spanish_streets": lambda i: f"Calle Mayor {10 + i % 6}",
    "story": lambda i: f"she said that her router blinks since {i} days and wants a refund",
}
PUBLIC: dict[str, Maker] = {
    "Agent ID": lambda i: f"AG-{i % 9:03}",
    "agent_id": lambda i: f"{500 + i % 9:04}",
    "Agent Group": lambda i: ("North Wing", "South Wing")[i % 2],
    "call status": lambda i: ("COMPLETED", "DROPPED")[i % 2],
    "Queue Name": lambda i: QUEUES[i % 3],
    "queue": lambda i: QUEUES[i % 3],
    "campaign_name": lambda i: ("Summer Sale", "Win Back")[i % 2],
    "Nombre de la cola": lambda i: ("Ventas", "Soporte")[i % 2],
    "Name der Warteschlange": lambda i: ("Vertrieb", "Technik")[i % 2],
    "Customer Type": lambda i: ("Private", "Business")[i % 2],
    "Phone Type": lambda i: ("Mobile", "Landline")[i % 2],
    "Email Status": lambda i: ("Sent", "Bounced")[i % 2],
    "Email": lambda i: ("Y", "N")[i % 2],
    "City": lambda i: ("Berlin", "San Francisco", "Santiago")[i % 3],
    "Month": lambda i: ("April", "May", "June")[i % 3],
    "version": lambda i: ("1.2.3", "1.2.4")[i % 2],
    "Resolved by phone": lambda i: ("true", "false")[i % 2],
    "calls per customer": lambda i: str(i % 30),
    "started": lambda i: f"2025-01-{1 + i % 28:02}",
}


def sample_of(columns: dict[str, Maker], *, header: bool = True) -> str:
    rows = [[columns[name](i) for name in columns] for i in range(RECORDS)]
    lines = [";".join(row) for row in rows]
    return "\n".join([";".join(columns), *lines] if header else lines) + "\n"


def infer(text: str, **options: object) -> Inference:
    Path("sample.csv").write_text(text, encoding="utf-8")
    return infer_contract(InferOptions(("sample.csv",), **options))  # type: ignore[arg-type]  # the keys of Options


def classified(inference: Inference) -> dict[str, str]:
    return {column.name: column.classification for column in inference.contract.document.columns}


def leaks(shown: str, columns: dict[str, Maker]) -> set[str]:
    """Return the values, and their longer words, that can be read in what was shown; names of columns do not count."""
    for name in columns:
        shown = shown.replace(name, "")
    values = {make(i) for make in columns.values() for i in range(RECORDS)}
    words = {word for value in values for word in re.findall(r"[^\W_]{5,}", value)}
    return {each for each in values | words if len(each) > 1 and each in shown}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", [*BY_HEADER, *BY_CONTENT])
def test_a_column_of_personal_data_is_classified_and_none_of_its_values_is_shown(name: str) -> None:
    header = name if name in BY_HEADER else "col_7"
    columns = {"x": lambda i: "ab"[i % 2], header: (BY_HEADER | BY_CONTENT)[name]}
    inference = infer(sample_of(columns))
    assert classified(inference) == {"x": "public", header: "personal"}
    assert leaks(inference.text, {header: columns[header]}) == set()
    assert inference.contract.document.columns[1].allowed is None
    assert inference.outcome.accepted == inference.outcome.read == RECORDS


@pytest.mark.parametrize("name", PUBLIC)
def test_a_column_of_things_is_public(name: str) -> None:
    assert classified(infer(sample_of({"x": lambda i: "ab"[i % 2], name: PUBLIC[name]})))[name] == "public"


@pytest.mark.parametrize(
    "words", [(), ("--tolerance", "0%"), ("--tolerance", "10%"), ("--max-records", "30")]
)
def test_the_command_shows_no_value_on_any_stream(words: Sequence[str]) -> None:
    columns = BY_HEADER | BY_CONTENT
    lines = sample_of(columns).splitlines()
    lines[20:24] = [
        ";".join(reversed(line.split(";"))) for line in lines[20:24]
    ]  # values where others belong
    Path("sample.csv").write_text("\n".join([*lines, "Total" + ";" * (len(columns) - 1)]), encoding="utf-8")
    command = [sys.executable, "-m", "callcenter_etl", "contract", "infer", "sample.csv", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert leaks(done.stdout + done.stderr, columns) == set()


def test_a_sample_without_a_header_does_not_name_its_columns_by_people() -> None:
    for columns in ({"n": person, "m": BY_CONTENT["mails"]}, {"n": person, "q": lambda i: QUEUES[i % 3]}):
        inference = infer(sample_of(columns, header=False), delimiter=";")
        assert leaks(inference.text, {"n": person}) == set()
        assert classified(inference)["column_1"] == "personal"


def test_samples_with_different_headers_show_no_value_in_the_message() -> None:
    Path("other.csv").write_text(sample_of({"Name": person}, header=False), encoding="utf-8")
    Path("sample.csv").write_text(sample_of({"Name": person}), encoding="utf-8")
    with pytest.raises(UsageError, match="a value that looks personal") as caught:
        infer_contract(InferOptions(("sample.csv", "other.csv"), delimiter=";", header=True))
    assert leaks(str(caught.value), {"Name": person}) == set()


def test_check_digits_are_those_of_the_standards() -> None:
    assert has_luhn_digit("4111 1111 1111 1111")
    assert not has_luhn_digit("4111 1111 1111 1112")
    assert has_iban_digits("GB82 WEST 1234 5698 7654 32")
    assert not has_iban_digits("GB83 WEST 1234 5698 7654 32")
