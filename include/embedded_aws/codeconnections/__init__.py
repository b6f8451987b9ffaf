"""CodeConnections, under its present and its former name."""
