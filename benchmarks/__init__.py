"""What debugpanel costs, against the same work without it: `python3 -m benchmarks`."""
