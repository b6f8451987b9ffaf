"""How this machine reaches the network: what a program that builds or runs for the user must know of it."""

from __future__ import annotations

import os

CERTIFICATES = (
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""Variables that name certificates: needed for TLS behind a company's proxy."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_PACKAGES = ("PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL")
_HERE = "127.0.0.1,localhost"


def inherited() -> dict[str, str]:
    """The variables about the network that this process was started with; what is here needs no proxy."""
    wanted = (*CERTIFICATES, *_PROXIES, *_PACKAGES)
    given = {name: os.environ[name] for name in wanted if name in os.environ}
    if any(name.lower() in ("http_proxy", "https_proxy") for name in given):
        besides = given.get("NO_PROXY") or given.get("no_proxy")
        given["NO_PROXY"] = given["no_proxy"] = f"{_HERE},{besides}" if besides else _HERE
    return given
