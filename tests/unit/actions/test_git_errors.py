from __future__ import annotations

import pytest

from airflow_codepipeline.actions.git_errors import failure, is_unadvertised
from airflow_codepipeline.errors import ActionError, TransientError

WHERE = "https://example.com/app.git"


NO_ACCESS = "fatal: unable to access 'https://x/': "


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("fatal: could not read Username for 'https://x'", ActionError, "PermissionError"),
        (f"{NO_ACCESS}The requested URL returned error: 403", ActionError, "PermissionError"),
        ("fatal: repository 'https://x/' not found", ActionError, "RevisionUnavailable"),
        ("fatal: remote error: upload-pack: not our ref 1111", ActionError, "RevisionUnavailable"),
        ("fatal: unable to update url base from redirection:", ActionError, "ConfigurationError"),
        (f"{NO_ACCESS}Could not resolve host: x", TransientError, "SystemUnavailable"),
        ("error: RPC failed; curl 56\nfatal: early EOF", TransientError, "SystemUnavailable"),
        (f"{NO_ACCESS}The requested URL returned error: 503", TransientError, "SystemUnavailable"),
        ("fatal: bad object", ActionError, "JobFailed"),
        ("", ActionError, "JobFailed"),
    ],
)
def test_a_failure_is_told_by_what_git_says(said, kind, code):
    error = failure("fetch", WHERE, said)
    assert type(error) is kind
    assert error.code == code
    assert WHERE in error.message


def test_a_server_that_talks_much_is_cut_short():
    assert len(failure("fetch", WHERE, "remote: noise\n" * 10_000 + "fatal: the end").message) < 1000


def test_a_server_that_gives_branches_only_is_known():
    said = "error: Server does not allow request for unadvertised object 1111"
    assert is_unadvertised(failure("fetch", WHERE, said))
    assert not is_unadvertised(failure("fetch", WHERE, "fatal: bad object"))
