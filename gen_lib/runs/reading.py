"""Settings from files and from words: what a configuration, a grid or a command line says, with its types."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from ..slips import brief, known
from .settings import Settings, checked


def read(values: object, where: str) -> Settings:
    """Settings from the contents of a configuration file.

    Raises:
        ValueError: not a table, a name that is no setting, a value of another type or out of range
    """
    from jsonargparse import ArgumentError

    if not isinstance(values, dict):
        raise ValueError(f"{where} must hold a table of settings, it holds {brief(values)}")
    for name in values:
        known(f"setting in {where}", name, dict.fromkeys(field.name for field in fields(Settings)))
    try:
        typed = _parser().parse_object(values)
    except (ArgumentError, TypeError) as error:
        raise ValueError(f"{where}: {' '.join(str(error).split())}") from error
    return checked(Settings(**typed.as_dict()))


@cache
def _parser() -> Any:  # making it takes longer than reading the settings of ten runs
    from jsonargparse import ArgumentParser

    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Settings)
    return parser


def from_text(given: Mapping[str, Any]) -> Settings:
    """Settings from names and values as a command line gives them; a method's own options are ``options.name``.

    Raises:
        ValueError: a name that is no setting, a value of another type or out of range

    Example:
        >>> from_text({"method": "vae", "hidden": "[8, 4]", "options.free_bits": "0.5"}).options
        {'free_bits': 0.5}
    """
    import yaml

    typed = {name: yaml.safe_load(value) if isinstance(value, str) else value for name, value in given.items()}
    return read(nested(typed), "parameters")


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The same with ``options.p`` among the options.

    Example:
        >>> nested({"seed": 1, "options.p": 0.5})
        {'seed': 1, 'options': {'p': 0.5}}
    """
    own = {name.removeprefix("options."): value for name, value in flat.items() if name.startswith("options.")}
    rest = {name: value for name, value in flat.items() if not name.startswith("options.")}
    return rest | ({"options": {**rest.get("options", {}), **own}} if own else {})
