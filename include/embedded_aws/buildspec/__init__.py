"""The build specification: its model and its reader."""
