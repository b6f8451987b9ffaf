"""What may be done with pipelines and executions, on Airflow's database."""
