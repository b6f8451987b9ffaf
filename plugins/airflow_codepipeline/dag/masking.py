"""Secrets of a configuration: they reach the provider, and nothing that people or other tasks can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_KEYS = frozenset({"OAuthToken", "ClientSecret", "RefreshToken"})
MASK = "****"


def masked(configuration: Mapping[str, str]) -> dict[str, str]:
    """Return a configuration as CodePipeline shows it."""
    return {key: MASK if key in SECRET_KEYS else value for key, value in configuration.items()}


def unmasked(configuration: Mapping[str, str], declared: Mapping[str, str]) -> dict[str, str]:
    """Return a masked configuration with the secrets that its action declares."""
    secrets = {key: declared[key] for key in SECRET_KEYS & configuration.keys() & declared.keys()}
    return dict(configuration) | secrets
