"""Writing to the database past the ORM: a connection of our own, and INSERT statements."""
