"""Thirty answers that try to run, to load, to break out or to break the layout."""

from __future__ import annotations

from tests.report.hostile_pages import payloads

HOST = "http://hostile.example"
RUN = "document.documentElement.dataset.pwned=1"
ANSWERS = (
    payloads(HOST),
    f"<script>{RUN}</script>",
    f"<script src={HOST}/a.js></script>",
    f"<img src={HOST}/a.png onerror={RUN}>",
    f"<svg/onload={RUN}><animate onbegin={RUN} attributeName=x></svg>",
    f"<svg><use href='{HOST}/a.svg#x'/></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<style>@import '{HOST}/a.css'; * {{ display: none !important }}</style>",
    f"<div style='position:fixed;inset:0;background:url({HOST}/b.png)'>over everything</div>",
    f"<a href='javascript:{RUN}'>click</a> [x](javascript:{RUN}) [y](vbscript:x) [z](data:text/html,<b>1</b>)",
    f"<form action={HOST}><button formaction='javascript:{RUN}'>Save and next</button></form>",
    f"<input autofocus onfocus={RUN}><details open ontoggle={RUN}>x</details>",
    f"<meta http-equiv=refresh content='0;url={HOST}'><base href={HOST}/>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></mtext></math>",
    f"$\\text{{<script>{RUN}</script>}}$ $$\\href{{javascript:{RUN}}}{{x}}$$",
    "$" + "\\frac{" * 400 + "1" + "}{2}" * 400 + "$",
    "$$" + "x_{" * 300 + "y" + "}" * 300 + "$$",
    "\\begin{align}" + "a &= b \\\\" * 300 + "\\end{align}",
    "$\\newcommand{\\x}{\\x\\x}\\x$ $\\def\\a{\\a\\a}\\a$",
    "> " * 500 + "quoted",
    "- " * 500 + "listed",
    "a" * 200_000,
    "wide" * 2_000,
    "line\n" * 20_000,
    "| a " * 300 + "|\n" + "|---" * 300 + "|\n" + "| b " * 300 + "|",
    "\u202etxet desrever\u202c \u200b\u2066 \x00\x1b]8;;http://hostile.example\x07link\x1b]8;;\x07",
    "e" + "\u0301" * 3_000,
    "\U000e0041\ud800 half a pair",
    "</textarea></pre></div></section></main></body></html><!-- --!><script>1</script><!--/-->",
    "<div id=save class=main name=getElementById>clobbered</div><a id=items><a id=items name=append>",
    f"```html\n<script>{RUN}</script>\n```\n    <img src=x onerror={RUN}>",
    f"![x]({HOST}/a.png) ![x](data:image/svg+xml;base64,PHN2Zy8+) <{HOST}> {HOST}/auto",
)
assert len(ANSWERS) >= 30
