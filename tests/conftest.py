"""The tests see the command as it is at a terminal, also where a job of GitHub Actions runs them."""

from __future__ import annotations

import os

os.environ.pop("GITHUB_ACTIONS", None)  # it would fence every page
