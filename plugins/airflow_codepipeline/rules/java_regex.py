r"""Java's regular expressions (java.util.regex.Pattern) by Python's `re`.

The two agree in most of what people write. What is spelled differently is translated: named groups,
`\Q…\E`, `\h`, `\z`, and the POSIX classes of `\p{…}`, which are ASCII in both. As in Java, `\d`, `\w`, `\s`
and ignored case are ASCII's unless the pattern says otherwise. What Python has not is refused by name.
"""

from __future__ import annotations

import re

_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_SPACES = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_TOKEN = re.compile(
    r"""
      \\Q(?P<quoted>.*?)(?:\\E|\Z)
    | \\p\{(?P<property>[^}]*)\}
    | \\k<(?P<back>[A-Za-z][A-Za-z0-9]*)>
    | \\x\{(?P<code>[0-9A-Fa-f]{1,6})\}
    | \(\?<(?P<group>[A-Za-z][A-Za-z0-9]*)>
    | (?P<refused>\\[RXGNP]|&&)
    | \\(?P<other>.)
    | (?P<bracket>[\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED = "is Java's, and not supported here"


class RegexError(ValueError):
    """A pattern that is none, or has something of Java's that is not supported."""


def matches_whole(pattern: str, text: str) -> bool:
    """Tell whether the whole text matches a Java pattern, as `Matcher.matches` does.

    :raises RegexError: the pattern cannot be used; the message says why.
    """
    try:
        compiled = re.compile(translated(pattern), re.ASCII)
    except (re.error, OverflowError) as error:
        raise RegexError(f"it is no regular expression: {error}.") from None
    return compiled.fullmatch(text) is not None


def translated(pattern: str) -> str:
    """Return a Java pattern as Python spells it.

    :raises RegexError: it has what Python has not.
    """
    depth = 0

    def piece(found: re.Match[str]) -> str:
        nonlocal depth
        if found["bracket"]:
            depth += 1 if found["bracket"] == "[" else -1
            if depth > 1:
                raise RegexError(f"a character class within another {_REFUSED}.")
            return found["bracket"]
        return _piece(found, in_class=depth > 0)

    return _TOKEN.sub(piece, pattern)


def _piece(found: re.Match[str], *, in_class: bool) -> str:
    kind = found.lastgroup
    if kind == "refused" and not (found[0] == "&&" and not in_class):
        raise RegexError(f"{found[0]} {_REFUSED}.")
    if kind == "property":
        return _set(_property(found["property"]), in_class=in_class)
    if kind == "other":
        return _escape(found["other"], in_class=in_class)
    spelled = {
        "quoted": lambda: re.escape(found["quoted"]),
        "back": lambda: f"(?P={found['back']})",
        "code": lambda: re.escape(chr(int(found["code"], 16))),
        "group": lambda: found[0] if in_class else f"(?P<{found['group']}>",
        "refused": lambda: found[0],
    }
    return spelled[kind or ""]()


def _escape(character: str, *, in_class: bool) -> str:
    if character == "h":
        return _set(_SPACES, in_class=in_class)
    if character == "e":
        return r"\x1b"
    return {"z": r"\Z", "Z": r"(?=\n?\Z)"}.get(character, f"\\{character}")


def _property(name: str) -> str:
    if name not in _POSIX:
        known = ", ".join(sorted(_POSIX))
        raise RegexError(rf"\p{{{name}}} is not supported here. Supported are {known}.")
    return _POSIX[name]


def _set(members: str, *, in_class: bool) -> str:
    return members if in_class else f"[{members}]"
