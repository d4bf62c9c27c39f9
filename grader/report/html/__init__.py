"""The report as one HTML page."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")


def with_code(text: str) -> Markup:
    """A sentence, escaped, with its `names` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def document(title: str, style: str, body: str, script: str = "") -> str:
    """A page for an instructor; title and body are HTML. Its policy lets only this script run and nothing be loaded."""
    runs = f"; script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
        f" content=\"default-src 'none'; style-src 'unsafe-inline'{runs}\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>{body}"
        f"{f'<script>{script}</script>' if script else ''}</body></html>\n"
    )
