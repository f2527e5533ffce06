"""Tidewater Chandlery: a shop for small boats, with faults on purpose."""
