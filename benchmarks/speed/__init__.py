"""How fast: the library next to others, everything in one run on one thread (``make bench``)."""
