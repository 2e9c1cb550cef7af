"""Addresses of the messages' settings, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.messaging import dry_run, how, pages

message_settings = [
    path("dry-runs/", dry_run.dry_runs, name="dry_runs"),
    path("dry-runs/<str:dry_run_id>/", dry_run.dry_run, name="dry_run"),
    path("messages/", pages.message_kinds, name="message_kinds"),
    path("messages/<slug:touchpoint>/", pages.message_kind, name="message_kind"),
    path("messages/<slug:touchpoint>/how/", how.how_message, name="how_message"),
    path("messages/<slug:touchpoint>/restore/", pages.restore_words, name="restore_words"),
    path("messages/<slug:touchpoint>/look/", pages.message_look, name="message_look"),
    path("messages/<slug:touchpoint>/preview/", pages.message_preview, name="message_preview_of"),
]
