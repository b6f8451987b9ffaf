"""Keeps a private Airflow on SQLite from giving the id of a trigger to two of them.

SQLite gives the id of a row that was deleted to the next one unless the table says AUTOINCREMENT, and the
table of Airflow's triggers does not. But a triggerer knows its triggers by their ids: where a task that
waits is ended and another begins to wait just then, it takes the old trigger for the new one's. So the
trigger of the task that was ended goes on, and what it says ends the other task.
"""

from __future__ import annotations

_TABLE = "trigger"


def never_use_an_id_twice(url: str) -> None:
    """Make the table of triggers again so that SQLite counts its ids, once; no Airflow may run meanwhile.

    :param url: SQLAlchemy's, of Airflow's database.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import create_engine

    engine = create_engine(url)
    with engine.begin() as connection:
        definition = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        if "AUTOINCREMENT" not in str(connection.exec_driver_sql(definition, (_TABLE,)).scalar()):
            operations = Operations(MigrationContext.configure(connection))
            counted = {"sqlite_autoincrement": True}
            with operations.batch_alter_table(_TABLE, recreate="always", table_kwargs=counted):
                pass
    engine.dispose()
