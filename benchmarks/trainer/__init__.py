"""How fast the page trains, and how soon it answers meanwhile (``python -m benchmarks.trainer``)."""
