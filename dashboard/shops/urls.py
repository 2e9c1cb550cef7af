"""Addresses of connected shops and privacy requests, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.shops import pages, privacy

connected_shops = [
    path("shops/", pages.shops, name="shops"),
    path("shops/connect/<slug:kind>/", pages.connect, name="connect_shop"),
    path("shops/try-mapping/", pages.try_mapping, name="try_mapping"),
    path("shops/<str:connection_id>/", pages.shop, name="shop"),
    path("shops/<str:connection_id>/edit/", pages.edit, name="edit_shop"),
    path("shops/<str:connection_id>/disconnect/", pages.disconnect, name="disconnect_shop"),
    path("shops/<str:connection_id>/pulls/", pages.start, name="start_pull"),
    path("shops/<str:connection_id>/pulls/<str:pull_id>/stop/", pages.stop, name="stop_pull"),
    path("shops/<str:connection_id>/pulls/<str:pull_id>/continue/", pages.go_on, name="continue_pull"),
    path("privacy/", privacy.privacy_requests, name="privacy"),
]
