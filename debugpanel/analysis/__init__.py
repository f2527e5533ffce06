"""What the writer works out from a finished trace: SQL fingerprints, repeats, error groups."""
