"""A migrated database of Airflow."""

from __future__ import annotations

from fixtures.airflow_database import empty_database

__all__ = ["empty_database"]
