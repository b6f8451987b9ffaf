"""Writes the greeter's page: the greetings, and the history of commits that it reads from its input."""

import os
import sys
from html import escape
from pathlib import Path


def page(greetings: list[str], history: list[str], authored: str) -> str:
    """Return the page in HTML."""
    greeted = "".join(f"<p>{escape(line)}</p>\n" for line in greetings)
    told = "".join(f"<li>{escape(line)}</li>\n" for line in history)
    return f"<title>Greeter</title>\n{greeted}<p>As of {escape(authored)}:</p>\n<ol>\n{told}</ol>\n"


if __name__ == "__main__":
    lines = Path("greetings.txt").read_text().splitlines()
    sys.stdout.write(page(lines, sys.stdin.read().splitlines(), os.environ.get("AUTHORED", "")))
