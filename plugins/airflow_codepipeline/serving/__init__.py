"""The DAGs that serve all pipelines, and how their tasks start executions: dispatcher, poller, reporter."""
