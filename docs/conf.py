"""The documentation as a site: `sphinx-build docs site`."""

project = "numgrade"
copyright = "the numgrade authors, MIT licence"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = "numgrade"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
exclude_patterns = []
