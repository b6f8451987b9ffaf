"""What Airflow's API server serves and guards; imported by no other process."""
