"""The job operations a Lambda function calls; the pipeline API itself is Airflow's."""
