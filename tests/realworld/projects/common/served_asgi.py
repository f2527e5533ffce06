from __future__ import annotations

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from warm import fill_content_types  # noqa: E402

fill_content_types()
