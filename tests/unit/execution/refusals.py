"""How tests look at what is refused."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from airflow_codepipeline.execution.refusal import Refusal


@contextmanager
def refused(code, message):
    """Expect a refusal of that code, whose message says so."""
    with pytest.raises(Refusal, match=message) as caught:
        yield
    assert caught.value.code == code
