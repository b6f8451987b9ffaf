"""Writes the storefront's pages: run by the sample's second build."""

import sys
from pathlib import Path
from string import Template

from markupsafe import escape

TITLE = "Storefront: bread & coffee"


def render(pages: Path, public: Path) -> None:
    """Fill in every page of a folder and write it to another."""
    public.mkdir(parents=True, exist_ok=True)
    for page in sorted(pages.glob("*.html")):
        text = Template(page.read_text()).substitute(title=escape(TITLE))
        (public / page.name).write_text(text)
    (public / "style.css").write_text((pages / "style.css").read_text())


if __name__ == "__main__":
    render(Path(sys.argv[1]), Path(sys.argv[2]))
