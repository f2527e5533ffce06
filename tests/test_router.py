from __future__ import annotations

from django.contrib.auth.models import User
from django.utils.functional import SimpleLazyObject

from debugpanel.models import Route, Trace
from debugpanel.router import DebugPanelRouter

router = DebugPanelRouter()


def test_a_relation_to_a_lazy_user_is_left_to_others_and_the_user_unasked() -> None:
    def look_up() -> User:
        raise AssertionError("the user was asked for")

    assert router.allow_relation(User(), SimpleLazyObject(look_up)) is None


def test_relations_between_rows_of_ours_are_allowed() -> None:
    assert router.allow_relation(Trace(), Route()) is True
