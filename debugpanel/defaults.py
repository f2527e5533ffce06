"""The one inventory of built-in parts. Extend a list in your settings, never copy it:

DEBUGPANEL = {"INSTRUMENTS": [*defaults.INSTRUMENTS, "shop.debug.StockInstrument"]}
"""

from __future__ import annotations

INSTRUMENTS = (
    "debugpanel.instruments.db.DatabaseInstrument",
    "debugpanel.instruments.cache.CacheInstrument",
    "debugpanel.instruments.templates.TemplateInstrument",
    "debugpanel.instruments.http.HttpInstrument",
    "debugpanel.instruments.logs.LogInstrument",
    "debugpanel.instruments.exceptions.ExceptionInstrument",
    "debugpanel.instruments.mail.MailInstrument",
    "debugpanel.instruments.signals.SignalInstrument",
    "debugpanel.instruments.views.ViewInstrument",
)

EXPORTERS = ("debugpanel.exporters.database.DatabaseExporter",)

PANELS = (
    "debugpanel.panels.summary.SummaryPanel",
    "debugpanel.panels.timeline.TimelinePanel",
    "debugpanel.panels.sql.SqlPanel",
    "debugpanel.panels.exceptions.ExceptionPanel",
    "debugpanel.panels.logs.LogPanel",
    "debugpanel.panels.spans.SpansPanel",
    "debugpanel.panels.request.RequestPanel",
)

IGNORE_PATHS = (
    "/static/",
    "/media/",
    "/favicon.ico/",
    "/health/",
    "/healthz/",
    "/livez/",
    "/readyz/",
)

# What one process keeps per minute, by reason. Random has none: its rate is its budget.
BUDGETS = {"forced": 60, "error": 20, "slow": 20, "pattern": 10, "slowest": 20}
