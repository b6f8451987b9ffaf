from __future__ import annotations

import pytest

from embedded_aws.network import inherited

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_only_variables_about_the_network_are_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    assert "AWS_SECRET_ACCESS_KEY" not in inherited()
    assert inherited()["SSL_CERT_FILE"] == "/ca.pem"
    assert "NO_PROXY" not in inherited()


@pytest.mark.parametrize(
    ("besides", "expected"), [("", "127.0.0.1,localhost"), ("x", "127.0.0.1,localhost,x")]
)
def test_a_proxy_is_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, besides: str, expected: str
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy")
    if besides:
        monkeypatch.setenv("no_proxy", besides)
    assert inherited()["NO_PROXY"] == inherited()["no_proxy"] == expected
