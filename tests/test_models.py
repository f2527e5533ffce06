from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from debugpanel.exporters.database import DatabaseExporter
from debugpanel.metrics.rollup import Exemplar, Measurement
from debugpanel.metrics.rollup import Rollup as Sums
from debugpanel.models import (
    Rollup,
    Route,
    Trace,
    exemplars_from_text,
    exemplars_to_text,
    from_microseconds,
    route_key,
    to_microseconds,
)
from tests.trace.examples import TRACE_ID, full_trace

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
stored = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


@pytest.fixture
def exporter(transactional_db):
    made = DatabaseExporter()
    yield made
    made.close()


@pytest.fixture
def count(exporter):
    def count(minutes=0, times=1, **changes):
        sums = Sums()
        for number in range(times):
            values = {
                "started_s": NOON.timestamp() + minutes * 60,
                "kind": "request",
                "route": "shop/",
                "method": "GET",
                "release": "a",
                "status": 200,
                "unhandled": False,
                "duration_ns": (number + 1) * 1_000_000,
                "cpu_ns": 500,
                "recorded": True,
                "query_count": 3,
                "query_ns": 100,
                "self_ns": {"sql": 100, "view": 7},
                "trace_id": 50 + number,
            }
            sums.add(Measurement(**{**values, **changes}))
        exporter.count(sums.drain())

    return count


def numbers(**changes):
    span = {"start": NOON, "end": NOON + dt.timedelta(hours=1)}
    return Rollup.objects.numbers(**{**span, **changes})


class TestInstants:
    @given(st.datetimes(timezones=st.just(dt.UTC)))
    def test_a_moment_reads_back_as_it_was(self, moment):
        assert from_microseconds(to_microseconds(moment)) == moment

    def test_another_zone_is_the_same_moment(self):
        zone = dt.timezone(dt.timedelta(hours=5))
        assert to_microseconds(NOON.astimezone(zone)) == to_microseconds(NOON)

    def test_a_moment_without_zone_is_in_utc(self):
        assert to_microseconds(NOON.replace(tzinfo=None)) == to_microseconds(NOON)

    def test_the_field_takes_what_it_gives(self):
        field = Trace._meta.get_field("started")
        assert field.to_python(field.get_prep_value(NOON)) == NOON
        assert field.to_python(NOON) == NOON
        assert field.to_python(None) is field.get_prep_value(None) is None

    @stored
    @pytest.mark.parametrize("use_tz", [True, False])
    def test_rows_are_found_by_moment_whatever_the_time_zone(self, exporter, settings, use_tz):
        settings.USE_TZ, settings.TIME_ZONE = use_tz, "America/New_York"
        exporter.write([full_trace(started_ns=int(NOON.timestamp()) * 10**9)])
        assert Trace.objects.filter(started__gte=NOON, started__lte=NOON).get().started == NOON


class TestRouteKeys:
    @given(st.text(), st.text())
    def test_a_key_fits_every_database(self, kind, name):
        assert 0 < route_key(kind, name) < 2**63

    def test_kinds_and_names_do_not_run_into_each_other(self):
        assert route_key("ab", "c") != route_key("a", "bc")

    def test_keys_never_change(self):
        assert route_key("request", "shop/") == 7082220175495649205


class TestExemplars:
    def test_they_read_back_as_they_were(self):
        shown = [Exemplar(1, 2, 2**127), None]
        assert exemplars_from_text(exemplars_to_text(shown), 2) == shown

    def test_a_wrong_number_of_them_is_an_error(self):
        with pytest.raises(ValueError, match="1 exemplars instead of 3"):
            exemplars_from_text(exemplars_to_text([None]), 3)


@stored
class TestPaging:
    def test_pages_follow_each_other_without_gap_or_repeat(self, exporter):
        moments = [3, 1, 2, 2, 2, 5, 4]
        exporter.write(
            [full_trace(id=TRACE_ID + n, started_ns=at * 1_000) for n, at in enumerate(moments)]
        )
        seen = list(Trace.objects.newest_first()[:2])
        while page := list(
            Trace.objects.newest_first().older_than(seen[-1].started, seen[-1].id)[:2]
        ):
            seen.extend(page)
        assert [one.id for one in seen] == [one.id for one in Trace.objects.newest_first()]
        assert len(seen) == 7


@stored
class TestNumbers:
    def test_rows_of_all_writers_add_up(self, count):
        count(times=10)
        count(times=10)
        found = numbers()
        assert (found.count, found.recorded, found.query_count, found.query_ns) == (
            20,
            20,
            60,
            2_000,
        )
        assert (found.min_ns, found.max_ns, found.mean_ns) == (1_000_000, 10_000_000, 5_500_000)
        assert (found.cpu_mean_ns, found.self_ns) == (500, {"sql": 2_000, "view": 140})

    def test_the_rate_is_that_of_the_whole_range(self, count):
        count(times=36)
        assert numbers().rate_per_s == 0.01

    def test_errors_are_server_errors(self, count):
        count(times=3)
        count(status=500, unhandled=True)
        found = numbers()
        assert (found.errors, found.error_rate, found.unhandled) == (1, 0.25, 1)
        assert found.status_classes == (0, 0, 3, 0, 0, 1)

    def test_percentiles_are_within_five_percent(self, count):
        count(times=1_000)
        found = numbers()
        for share, found_ns in ((0.5, found.p50_ns), (0.95, found.p95_ns), (0.99, found.p99_ns)):
            assert found_ns == pytest.approx(share * 1_000 * 1_000_000, rel=0.05)

    def test_exemplars_are_the_best_of_all_rows(self, count):
        count(times=3, trace_id=1)
        count(times=5, trace_id=2)
        count(status=500, trace_id=3)
        found = numbers()
        assert (found.slowest.trace_id, found.newest_error.trace_id) == (2, 3)

    def test_the_range_ends_before_its_end(self, count):
        count(minutes=0)
        count(minutes=59)
        count(minutes=60)
        assert numbers().count == 2

    def test_one_route_one_method_one_release(self, count):
        count()
        count(route="other/")
        count(method="POST")
        count(release="b")
        route = Route.objects.get(id=route_key("request", "shop/"))
        assert numbers(route=route).count == 3
        assert numbers(route=route.id, method="GET").count == 2
        assert numbers(route=route, method="GET", release="a").count == 1

    def test_where_there_is_nothing_nothing_is_claimed(self):
        found = numbers()
        assert (found.count, found.error_rate, found.p99_ns, found.mean_ns) == (0, 0.0, None, None)
        assert found.slowest is None

    def test_one_query_answers(self, count, django_assert_num_queries):
        count()
        with django_assert_num_queries(1, connection=connections["debugpanel"]):
            numbers()


class TestMigrations:
    @pytest.mark.parametrize(
        "field", ["django.db.models.AutoField", "django.db.models.BigAutoField"]
    )
    @stored
    def test_they_fit_the_models_whatever_the_hosts_default_key(self, field, settings):
        settings.DEFAULT_AUTO_FIELD = field
        call_command("makemigrations", "debugpanel", check=True, dry_run=True, verbosity=0)

    def test_the_tables_can_be_made_and_taken_away(self, tmp_path):
        script = (
            "import django; from django.conf import settings;"
            "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes','django.contrib.auth',"
            "'debugpanel'],DEBUGPANEL={'ENABLED':False},DATABASES={'default':{'ENGINE':"
            f"'django.db.backends.sqlite3','NAME':{str(tmp_path / 'x.sqlite3')!r}}}}});"
            "django.setup(); from django.core.management import call_command as c;"
            "c('migrate',verbosity=0); c('migrate','debugpanel','zero',verbosity=0)"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", script], check=True, env=environment)
