"""The one port: routes each request to a service of ours or to MiniStack."""
