"""What only a running Airflow shows, or its database: `make bench ARGS=--engine`, see docs/benchmarks.md."""
