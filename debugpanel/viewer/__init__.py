"""The admin pages around the panels."""
