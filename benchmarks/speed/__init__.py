"""How fast: the library beside others, everything in one run on one thread (``make bench``)."""
