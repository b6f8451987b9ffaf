"""The command line: `codepipeline`, one command a module."""
