from __future__ import annotations

from django.urls import path

from tests.host import views

urlpatterns = [
    path("text/", views.text),
    path("json/", views.json),
    path("queries/<int:number>/", views.queries),
    path("write/", views.write),
    path("rollback/", views.rollback),
    path("cached/", views.cached),
    path("log/", views.log),
    path("mail/", views.mail),
    path("error/", views.error),
    path("chained/", views.chained),
    path("group/", views.group),
    path("unprintable/", views.unprintable),
    path("missing/", views.missing),
    path("denied/", views.denied),
    path("database-error/", views.database_error),
    path("rendered/", views.rendered),
    path("user/", views.user),
    path("stream/", views.stream),
    path("broken-stream/", views.broken_stream),
    path("file/", views.file),
    path("spans/", views.spans),
    path("upload/", views.upload),
    path("async/", views.asynchronous),
    path("gathered/", views.gathered),
    path("async-error/", views.asynchronous_error),
    path("async-stream/", views.asynchronous_stream),
    path("slow/", views.slow),
    path("in-thread/", views.in_thread),
]
