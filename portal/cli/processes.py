"""``portal start``: start a process from the terminal and print its id."""

import json

import click

from portal.cli.house import open_house

_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


@click.command
@click.argument("key")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="What must be known.")
@click.option(
    "--participant", "people", multiple=True, metavar="ROLE=EMAIL", help="Who takes part."
)
@click.option("--reference", help="A name of your own for it.")
def start(key: str, inputs: tuple[str, ...], people: tuple[str, ...], reference: str | None) -> int:
    """Start a process of the definition KEY and print its id.

    A participant may be given as "ROLE=Name <EMAIL>". The VALUE of a table is JSON, that of
    money "100.50 EUR", that of several choices "a,b".
    """
    told = dict(_pair(text, "--input NAME=VALUE") for text in inputs)
    named = dict(_pair(text, "--participant ROLE=EMAIL") for text in people)
    open_house(log_level="warning")
    from portal.actions import processes
    from portal.cli.hand import at_the_terminal
    from portal.errors import Faulty

    try:
        process_id = processes.start(
            key,
            inputs=_inputs(key, told),
            participants={role: _person(text) for role, text in named.items()},
            reference=reference,
            actor=at_the_terminal(),
        )
    except Faulty as refusal:
        for fault in refusal.faults:
            click.echo(f"{_place(fault.at, named)}: {fault.message}", err=True)
        return 1
    click.echo(process_id)
    return 0


def _pair(text: str, shape: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.UsageError(f"“{text}” is not understood, expected {shape}.")
    return name.strip(), value


def _inputs(key: str, told: dict[str, str]) -> dict[str, object]:
    """What was typed, as the types of the definition's inputs ask; Unknown without the key."""
    from portal import db
    from portal.readings import catalogue, trees

    with db.reading() as conn:
        tree = trees.of_source(catalogue.definition(conn, key, None).source)
    types = {field.id: field.type for field in tree.inputs}
    return {name: _value(text, types.get(name)) for name, text in told.items()}


def _value(text: str, type_: str | None) -> object:
    """Lists and money may be JSON; ``a,b`` and ``100.50 EUR`` are understood too."""
    if type_ == "yes_no" and text.lower() in _YES_NO:
        return _YES_NO[text.lower()]
    if type_ not in ("table", "money", "choices"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        if type_ == "choices":
            return [one.strip() for one in text.split(",") if one.strip()]
        amount, _, currency = text.strip().partition(" ")
        return {"amount": amount, "currency": currency.strip()} if type_ == "money" else text


def _person(text: str) -> dict[str, str]:
    """``EMAIL`` or ``Name <EMAIL>``."""
    name, sign, rest = text.partition("<")
    if sign and rest.strip().endswith(">"):
        return {"email": rest.strip()[:-1].strip(), "name": name.strip()}
    return {"email": text.strip()}


def _place(at: str, named: dict[str, str]) -> str:
    if at.startswith("participants"):
        return f"--participant {at.partition('.')[2]}".strip()
    return f"--input {at}" if at and at not in named else at or "start"
