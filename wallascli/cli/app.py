"""The tree of commands. Each command imports what it needs inside itself: start-up time is a feature."""

import typer

app = typer.Typer(
    name="wallasapi",
    rich_markup_mode=None,  # rich panels double the time of --help, and draw boxes into pipes
    pretty_exceptions_enable=False,  # the pretty trace prints values of variables, keys among them
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def root() -> None:
    """One endpoint and one command in front of every model you can reach."""
