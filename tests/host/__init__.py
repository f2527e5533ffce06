"""A small site that does what sites do, for showing that debugpanel changes none of it."""
