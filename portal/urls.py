"""Whatever stands below /p/ is a link or the one page that says that it doesn't work."""

from django.urls import re_path

from portal.views import link, unsubscribe

app_name = "portal"
urlpatterns = [
    # The one route that acts without cookie and token of a form: RFC 8058.
    re_path(r"^u(?P<rest>[^/]*)/$", unsubscribe.unsubscribe, name="unsubscribe"),
    re_path(r"^(?P<token>[\s\S]*?)/?$", link.link, name="link"),
]
