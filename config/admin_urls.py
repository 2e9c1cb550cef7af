"""Where everything is on an installation that has its operator's desk (AFTERWARD_ADMIN)."""

from django.urls import path

from accounts.operator import site
from config.urls import urlpatterns as everything

urlpatterns = [path("admin/", site.urls), *everything]
