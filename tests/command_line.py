"""A command of gen-lib as its user meets it."""

from gen_lib import cli


def ended(capsys, *args: object) -> tuple[int, str, str]:
    """Exit status, output and errors of a command."""
    status = 0
    try:
        cli.main([str(word) for word in args])
    except SystemExit as stop:
        status = stop.code
    said = capsys.readouterr()
    return status, said.out, said.err
