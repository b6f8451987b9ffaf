"""What is told of executions to others: from how Airflow has them to CodePipeline's own events. Pure."""
