"""Artifacts: references to S3 objects, the layout of a store, zip and unzip."""
