"""The declaration of a pipeline: models, reader, templates, checks. Pure: neither Airflow nor AWS."""
