from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import override_settings

from debugpanel.models import Route, Trace
from debugpanel.router import DebugPanelRouter

router = DebugPanelRouter()


def test_our_tables_are_in_our_alias():
    assert router.db_for_read(Trace) == router.db_for_write(Trace) == "debugpanel"


def test_other_tables_are_nobodys_business():
    assert router.db_for_read(User) is router.db_for_write(User) is None


def test_our_tables_are_made_in_our_alias_only():
    assert router.allow_migrate("debugpanel", "debugpanel") is True
    assert router.allow_migrate("default", "debugpanel") is False


def test_nobody_elses_tables_are_made_in_our_alias():
    assert router.allow_migrate("debugpanel", "auth") is False


def test_nobody_elses_tables_are_kept_from_their_alias():
    assert router.allow_migrate("default", "auth") is None


@override_settings(DEBUGPANEL={"DATABASE": "default"})
def test_in_the_applications_database_everybody_has_tables():
    assert router.allow_migrate("default", "auth") is None
    assert router.allow_migrate("default", "debugpanel") is True


def test_our_rows_relate_to_each_other_only():
    assert router.allow_relation(Route(), Trace()) is True
    assert router.allow_relation(Route(), User()) is None


@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
def test_the_databases_look_like_it():
    ours = set(connections["debugpanel"].introspection.table_names())
    theirs = set(connections["default"].introspection.table_names())
    assert "debugpanel_trace" in ours
    assert "auth_user" in theirs
    assert not {name for name in ours if not name.startswith("debugpanel_")} - {"django_migrations"}
    assert not {name for name in theirs if name.startswith("debugpanel_")}
