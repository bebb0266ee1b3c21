"""Templates of the files a bundle holds; loaded by jinja2 with StrictUndefined."""
