"""The checker of the import hook: beartype, with whole numbers welcome where floats are."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
