"""One execution in this process: the same operators, without scheduler, database or web server."""
