"""Who can log in; known to everybody, because the sandbox listens on the loopback address only."""

from __future__ import annotations

STAFF = "admin"
PASSWORD = "sandbox"
