"""AWS CodePipeline on Apache Airflow: a pipeline definition becomes a DAG."""
