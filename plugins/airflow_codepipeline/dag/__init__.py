"""Pipelines as DAGs: the factory, stage groups, gates, the action operator and its trigger, approvals."""
