"""``portal bpmn`` and ``portal diagram``: a definition as other tools and as people see it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

import portal
from portal.cli.definitions import faults_of, text_of

if TYPE_CHECKING:
    from portal.definition.tree import Definition

# In a page the style sheet does this; a picture that is a file brings it along.
_STYLE = Path(portal.__file__).parents[1] / "static" / "css" / "chart.css"
_FILE = click.argument("file", type=click.Path())


@click.command
@_FILE
def bpmn(file: str) -> int:
    """Print the definition in FILE as BPMN 2.0, for other tools."""
    from portal.definition.bpmn import export

    tree = _tree(file)
    if tree is not None:
        click.echo(export(tree), nl=False)
    return 0 if tree is not None else 1


@click.command
@_FILE
def diagram(file: str) -> int:
    """Print the definition in FILE as a diagram (SVG)."""
    from portal.definition.diagram import svg
    from portal.readings import spoken

    tree = _tree(file)
    if tree is not None:
        click.echo(svg(tree, names=spoken.names(tree), style=_STYLE.read_text()))
    return 0 if tree is not None else 1


def _tree(file: str) -> "Definition | None":
    """The tree of a file; ``None`` where it has faults, which are told."""
    from portal.definition.load import load

    faults = faults_of(file)
    for line in faults:
        click.echo(line, err=True)
    return None if faults else load(text_of(file), file)
