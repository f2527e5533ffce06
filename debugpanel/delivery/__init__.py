"""From the end of a request to the exporters: a bounded queue and one writer thread."""
