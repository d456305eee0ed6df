import click


@click.group()
def main() -> None:
    """Subledger keeps gateway, ledger and CRM equal to the cent."""
