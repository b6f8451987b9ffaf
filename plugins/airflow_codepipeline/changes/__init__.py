"""What tells that a source changed: events and requests, read and matched with pipelines. Pure."""
