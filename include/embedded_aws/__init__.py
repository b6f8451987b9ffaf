"""A local AWS on one port: CodeBuild that runs builds, the rest from MiniStack.

A program of its own (`python -m embedded_aws`). It is never imported by the plugin and imports nothing of it.
"""
