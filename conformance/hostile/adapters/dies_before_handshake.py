"""Fails at once, with a word on stderr."""
raise SystemExit("no configuration")
