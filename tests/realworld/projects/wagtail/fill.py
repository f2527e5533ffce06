"""Fills the site: a blog of forty posts, images, documents, a form of users. Run once."""

from __future__ import annotations

import datetime as dt
import io

import django

django.setup()

from blog.models import Author, BlogIndexPage, BlogPage  # noqa: E402
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.db.models import F, Model, Value  # noqa: E402
from home.models import HomePage  # noqa: E402
from PIL import Image as PillowImage  # noqa: E402
from wagtail.contrib.redirects.models import Redirect  # noqa: E402
from wagtail.documents.models import Document  # noqa: E402
from wagtail.images.models import Image  # noqa: E402
from wagtail.models import (  # noqa: E402
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    ModelLogEntry,
    Page,
    PageLogEntry,
    Revision,
    Site,
)

LONG_AGO = dt.datetime(2021, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
POSTS = 40
TAGS = ["bread", "cake", "rye", "wheat", "oven", "salt"]


def fill() -> None:
    Site.objects.update(hostname="realworld.test", port=80, site_name="Bakery")
    add_users()
    authors = [Author.objects.create(name=f"Author {number}") for number in range(4)]
    images = [add_image(number) for number in range(6)]
    for number in range(6):
        content = ContentFile(f"Recipe {number}\n".encode() * 2000, name=f"recipe-{number}.txt")
        Document.objects.create(title=f"Recipe {number}", file=content)
    add_blog(authors, images)
    age()


def add_users() -> None:
    group = Group.objects.create(name="Staff")
    group.permissions.set(Permission.objects.all())
    grant_on_pages_and_collections(group)
    for number in range(4):
        user = User.objects.create_user(
            f"client{number}",
            f"c{number}@example.org",
            "of the client",
            first_name=f"Client {number}",
        )
        user.is_staff = True
        user.save()
        user.groups.add(group)
    User.objects.create_superuser("reader", "reader@example.org", "of the reader")


def grant_on_pages_and_collections(group: Group) -> None:
    of_pages = {"content_type__app_label": "wagtailcore", "codename__endswith": "page"}
    for permission in Permission.objects.filter(**of_pages):
        GroupPagePermission.objects.create(
            group=group, page=Page.get_first_root_node(), permission=permission
        )
    media = ["wagtailimages", "wagtaildocs"]
    for permission in Permission.objects.filter(content_type__app_label__in=media):
        GroupCollectionPermission.objects.create(
            group=group, collection=Collection.get_first_root_node(), permission=permission
        )


def add_image(number: int) -> Image:
    picture = io.BytesIO()
    PillowImage.new("RGB", (640, 480), (40 * number, 90, 120)).save(picture, "PNG")
    file = ContentFile(picture.getvalue(), name=f"picture-{number}.png")
    return Image.objects.create(title=f"Picture {number}", file=file)


def add_blog(authors: list[Author], images: list[Image]) -> None:
    home = HomePage.objects.get()
    blog = home.add_child(
        instance=BlogIndexPage(title="Blog", slug="blog", intro="<p>News</p>", show_in_menus=True)
    )
    for number in range(POSTS):
        post = blog.add_child(instance=make_post(number, authors, images))
        post.tags.add(TAGS[number % 6], TAGS[number * 5 % 6])
        post.save_revision().publish()
    Redirect.add_redirect("/old-blog", redirect_to=blog)


def make_post(number: int, authors: list[Author], images: list[Image]) -> BlogPage:
    image = images[number % len(images)]
    body = [
        {"type": "heading", "value": f"Loaf {number}"},
        {"type": "paragraph", "value": "<p>Flour, water, <b>salt</b> and time.</p>" * 6},
        {"type": "image", "value": image.pk},
    ]
    return BlogPage(
        title=f"Post {number}",
        slug=f"post-{number}",
        date=dt.date(2020, 1, 1) + dt.timedelta(days=number),
        intro="How it is baked",
        author=authors[number % len(authors)],
        image=image,
        body=body,
    )


def age() -> None:
    """Pages that say "3 minutes ago" would differ from run to run, as would an order by moments."""
    set_back(User, "date_joined")
    set_back(Image, "created_at")
    set_back(Document, "created_at")
    set_back(Revision, "created_at")
    set_back(PageLogEntry, "timestamp")
    set_back(ModelLogEntry, "timestamp", days=1)
    set_back(Page, "first_published_at", "last_published_at", "latest_revision_created_at")


def set_back(model: type[Model], *columns: str, days: int = 0) -> None:
    moment = Value(LONG_AGO + dt.timedelta(days=days))
    each = moment + F("pk") * dt.timedelta(seconds=1)
    model.objects.update(**dict.fromkeys(columns, each))


fill()
