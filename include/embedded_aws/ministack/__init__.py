"""MiniStack: its own virtual environment and its process."""
