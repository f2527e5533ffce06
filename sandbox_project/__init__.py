"""A small real shop with debugpanel in it: ``python3 -m sandbox_project``."""
