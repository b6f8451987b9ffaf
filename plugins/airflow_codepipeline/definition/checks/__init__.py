"""What makes a declaration wrong beyond its form: one check a module, all in `registry`."""
