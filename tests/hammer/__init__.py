"""Many executions, and processes that are killed, on a real Airflow: what must hold, and what it took."""
