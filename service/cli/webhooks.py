"""Commands on webhooks."""

import typer

from service.cli.command import command
from service.cli.shell import Shell

webhooks = typer.Typer(no_args_is_help=True, help="URLs that are told when jobs end.")


@command(webhooks, "add")
def add(shell: Shell, target: str) -> None:
    """Tell a URL of every job that ends; prints the secret that signs it, this once."""
    with shell.client() as client:
        made = client.post_webhook(target)
    shell.say(f"The webhook is {made.id}. Its secret is shown this once.")
    shell.answer(made.secret, made)


@command(webhooks, "list")
def listing(shell: Shell) -> None:
    """All of them, newest first."""
    with shell.client() as client:
        shell.table(client.webhooks(), "id", "created_at", "url")


@command(webhooks, "deliveries")
def deliveries(shell: Shell, webhook: str) -> None:
    """What was sent to one, or is to be."""
    with shell.client() as client:
        columns = ("id", "created_at", "event", "state", "attempts", "answer")
        shell.table(client.deliveries(webhook), *columns)


@command(webhooks, "delete")
def delete(shell: Shell, webhook: str) -> None:
    """With its log."""
    with shell.client() as client:
        client.delete_webhook(webhook)
