"""What changed at a source, as its own messages say it, and whether that starts a pipeline. Pure."""
