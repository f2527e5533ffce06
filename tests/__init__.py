"""The suite: it mirrors the package file for file. `python3 -m tests` runs all of it."""
