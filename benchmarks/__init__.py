"""What a parse and a task start cost: `make bench`, see docs/benchmarks.md."""
