"""`codepipeline schema`: the JSON Schema of a definition."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of a definition, for editors."""
    from airflow_codepipeline.definition.schema import schema_text

    typer.echo(schema_text(), nl=False)
