"""The built-in model plugins, one package each."""
