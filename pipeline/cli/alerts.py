"""`newsloom alerts`: what the webhook is told, for the eye; and whether it hears."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.common import SOME_FAILED, AsJson, Home, opened, out, print_json
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.stages.alert import Told, post, wrong


def alerts(
    *,
    home: Home = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send one message to alert_webhook, and nothing else.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Say what is wrong, a line for each; exit code 1 when anything is.

    Workers, and `newsloom run`, tell alert_webhook the same when it begins and when it is over.
    Example: newsloom alerts --test
    """
    with opened(home) as ctx:
        if test:
            _test(ctx)
            return
        found = wrong(ctx)
    if json_:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            out.print(f"{one.kind} {one.subject}".rstrip() + f": {one.words}", markup=False)
        if not found:
            out.print("nothing is wrong")
    raise typer.Exit(SOME_FAILED if found else 0)


def _test(ctx: Context) -> None:
    """Send a message that means nothing. Raise UsageError when it does not arrive."""
    webhook = ctx.settings.alert_webhook
    if webhook is None:
        raise UsageError("--test: alert_webhook is not set; see newsloom.toml")
    line = Told(state="new", kind="test", subject="", words="sent by `newsloom alerts --test`")
    why_not = post(ctx, webhook.get_secret_value(), [line])
    if why_not:
        raise UsageError(f"alert_webhook took no message: {why_not}")
    out.print("alert_webhook took the message")
