"""The report as one HTML page."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")


def with_code(text: str) -> Markup:
    """A sentence, escaped, with its `names` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))
