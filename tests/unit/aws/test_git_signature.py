"""The signature is compared with what AWS's own credential helper computes for the same."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from botocore.credentials import ReadOnlyCredentials

from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.git_signature import git_login, signed
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

URL = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app"
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def by_hand(secret: str, host: str, path: str) -> str:
    """Signature Version 4 as `aws codecommit credential-helper` uses it, written out."""
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    scope = "20240501/eu-west-1/codecommit/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n20240501T120000\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"20240501T120000Z{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"


def test_the_password_is_a_signature_of_the_address():
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "secret", None)
    user, password = signed(credentials, URL, region="eu-west-1", now=NOW)
    assert user == "AKIDEXAMPLE"
    assert password == by_hand("secret", "git-codecommit.eu-west-1.amazonaws.com", "/v1/repos/app")


def test_a_session_adds_its_token_to_the_user_and_a_port_is_not_signed():
    credentials = ReadOnlyCredentials("ASIAEXAMPLE", "secret", "token")
    user, password = signed(credentials, "http://127.0.0.1:4566/v1/repos/app", region="eu-west-1", now=NOW)
    assert user == "ASIAEXAMPLE%token"
    assert password == by_hand("secret", "127.0.0.1", "/v1/repos/app")


def test_it_is_the_identity_of_the_attempt(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    CLIENTS.clear()
    assert git_login(attempt("Source", "CodeCommit", {}), URL)[0] == "AKIDEXAMPLE"
    CLIENTS.clear()


def test_without_credentials_it_says_so(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    CLIENTS.clear()
    with pytest.raises(ActionError, match="no AWS credentials"):
        git_login(attempt("Source", "CodeCommit", {}), URL)
    CLIENTS.clear()
