"""Breaking things on purpose under a real server: the site must not notice."""
