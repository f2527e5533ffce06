"""How a stored trace is shown, one file and one template each."""
