from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from debugpanel.models import Trace
from debugpanel.testing import capture_trace
from tests.viewer.seeding import client_of_a_reader, plain_trace, rich_trace, store

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])

LIST = "/admin/debugpanel/trace/"
UNKNOWN_ID = "0192f3c0a1b27c3d8e4f5a6b7c8d9e0f"


@pytest.fixture
def reader(db):
    return client_of_a_reader()


def addresses():
    row = store(rich_trace())
    return [LIST, f"{LIST}{row.pk}/change/", f"{LIST}id/{row.pk.hex}/", f"{LIST}id/garbage/"]


def test_anonymous_visitors_are_sent_to_the_login():
    for address in addresses():
        response = Client().get(address)
        assert (response.status_code, response.url.split("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("attributes", [{}, {"is_staff": True}])
def test_users_without_the_permission_see_nothing(attributes):
    client = Client()
    client.force_login(User.objects.create_user("other", password="x", **attributes))
    expected = 403 if attributes else 302
    for address in addresses():
        assert client.get(address).status_code == expected


def test_staff_with_the_permission_see_the_pages(reader):
    listing, page, link, garbage = addresses()
    assert reader.get(listing).status_code == 200
    assert reader.get(page).status_code == 200
    assert reader.get(link).url == page
    assert reader.get(garbage).status_code == 404


def test_an_admin_of_everything_still_cannot_change_a_trace(admin_client):
    row = store(rich_trace())
    for address in ("add/", f"{row.pk}/delete/", f"{row.pk}/history/"):
        assert admin_client.get(LIST + address).status_code == 404
    for address in ("", f"{row.pk}/change/"):
        assert admin_client.post(LIST + address, {"_save": "1"}).status_code == 405
    assert Trace.objects.filter(pk=row.pk).exists()


def test_a_crafted_action_deletes_nothing(admin_client):
    row = store(plain_trace())
    data = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    assert admin_client.post(LIST, data).status_code == 405
    assert Trace.objects.filter(pk=row.pk).exists()


def test_reading_writes_nothing(reader):
    for address in addresses():
        with CapturedWrites() as writes:
            reader.get(address)
        assert writes.found == []


class CapturedWrites:
    """Every statement that is not a SELECT, on either alias."""

    def __enter__(self):
        from django.db import connections
        from django.test.utils import CaptureQueriesContext

        self.contexts = [
            CaptureQueriesContext(connections[alias]) for alias in ("default", "debugpanel")
        ]
        for context in self.contexts:
            context.__enter__()
        return self

    def __exit__(self, *args):
        for context in self.contexts:
            context.__exit__(*args)

    @property
    def found(self):
        statements = [query["sql"] for context in self.contexts for query in context]
        return [sql for sql in statements if not sql.startswith("SELECT")]


def test_pages_are_private_and_never_stored(reader):
    for address in addresses():
        control = reader.get(address)["Cache-Control"]
        assert "no-store" in control
        assert "private" in control


def test_pages_hold_nothing_that_a_strict_policy_refuses(reader):
    row = store(rich_trace())
    for address in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{UNKNOWN_ID}/change/"):
        text = reader.get(address).content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|data:", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_stored_markup_comes_out_inert(reader):
    markup = "<script>alert('x')</script>"
    trace = rich_trace(name=markup, path=f"/{markup}", user=markup, view=markup)
    row = store(trace)
    for address in (LIST, f"{LIST}{row.pk}/change/"):
        text = reader.get(address).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_the_viewer_never_records_itself(reader):
    row = store(rich_trace())
    for address in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}id/{row.pk.hex}/"):
        with capture_trace() as captured:
            reader.get(address)
        assert captured.traces == []


def test_other_pages_of_the_admin_are_recorded(reader):
    with capture_trace() as captured:
        reader.get("/admin/")
    assert captured.trace.path == "/admin/"


def test_a_site_of_the_projects_own_keeps_its_links_inside(reader, settings):
    settings.ROOT_URLCONF = "tests.viewer.admin_sites"
    row = store(rich_trace())
    base = "/intern/backstage/debugpanel/trace/"
    for address in (base, f"{base}{row.pk}/change/", f"{base}id/garbage/"):
        text = reader.get(address).content.decode()
        assert f'href="{base}' in text
        assert 'href="/admin/' not in text
    assert reader.get(f"{base}id/{row.pk.hex}/").url == f"{base}{row.pk}/change/"


def test_the_index_names_the_list_for_those_who_may_see_it(reader):
    assert f'href="{LIST}"' in reader.get("/admin/").content.decode()
    client = Client()
    client.force_login(User.objects.create_user("other", password="x", is_staff=True))
    assert LIST not in client.get("/admin/").content.decode()


def test_the_model_is_registered_once():
    assert admin.site.is_registered(Trace)


def test_a_project_without_the_admin_starts():
    code = (
        "from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['debugpanel', 'django.contrib.contenttypes'],"
        " DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}})\n"
        "import django; django.setup()\n"
        "import sys; print('django.contrib.admin' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
