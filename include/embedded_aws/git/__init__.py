"""Bare git repositories on disk, and clone and push over HTTP."""
