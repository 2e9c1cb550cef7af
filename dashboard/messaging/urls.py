"""Addresses of the messages' settings, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.messaging import block_pages, dry_run, how, pages

message_settings = [
    path("dry-runs/", dry_run.dry_runs, name="dry_runs"),
    path("dry-runs/<str:dry_run_id>/", dry_run.dry_run, name="dry_run"),
    path("messages/", pages.message_kinds, name="message_kinds"),
    path("messages/<slug:touchpoint>/", pages.message_kind, name="message_kind"),
    path("messages/<slug:touchpoint>/how/", how.how_message, name="how_message"),
    path("messages/<slug:touchpoint>/restore/", pages.restore_words, name="restore_words"),
    path("messages/<slug:touchpoint>/look/", pages.message_look, name="message_look"),
    path("messages/<slug:touchpoint>/preview/", pages.message_preview, name="message_preview_of"),
    path("messages/<slug:touchpoint>/blocks/", block_pages.message_blocks, name="message_blocks"),
    path("messages/<slug:touchpoint>/blocks/look/", block_pages.blocks_look, name="blocks_look"),
    path("messages/<slug:touchpoint>/blocks/preview/", block_pages.blocks_preview, name="blocks_preview"),
    path("messages/<slug:touchpoint>/blocks/drop/", block_pages.drop_blocks, name="drop_blocks"),
]
