"""The benchmark: our code beside its floors, in one interleaved run (``python3 app.py bench``)."""
