"""``portal rotate-key``: the key that signs checkpoints and trails hands over to a new one."""

import click

from portal.cli.house import open_house


@click.command("rotate-key")
@click.option("--yes", is_flag=True, help="Don't ask.")
def rotate_key(*, yes: bool) -> int:
    """Sign with a new key from now on; what the old one signed stays provable."""
    settings = open_house(log_level="warning")
    from portal.delivery import handover
    from portal.delivery.seal import Seal

    old = Seal.of(settings.data_dir).public_key
    if not yes:
        click.confirm(f"Give up the signing key {old} for a new one?", abort=True, err=True)
    new = handover.hand_over(settings.data_dir)
    click.echo(str(new))
    click.echo(
        "This key signs from now on. The old one is gone; keep its public half, too: both, and "
        f"the change, are told at {settings.base_url}/.well-known/portal-ledger/keys.", err=True,
    )  # fmt: skip
    return 0
