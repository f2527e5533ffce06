from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "debugpanel"
author = "The debugpanel maintainers"
copyright = f"2026, {author}"
release = version = installed_version("debugpanel")

extensions = ["checks_table", "settings_table", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
nitpicky = True
autodoc_typehints = "none"

html_theme = "furo"
html_title = f"debugpanel {release}"
html_static_path = ["_static"]
