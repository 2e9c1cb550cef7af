"""Addresses of the messages' settings, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.messaging import how, pages

message_settings = [
    path("messages/", pages.message_kinds, name="message_kinds"),
    path("messages/<slug:touchpoint>/", pages.message_kind, name="message_kind"),
    path("messages/<slug:touchpoint>/how/", how.how_message, name="how_message"),
    path("messages/<slug:touchpoint>/restore/", pages.restore_words, name="restore_words"),
    path("messages/<slug:touchpoint>/look/", pages.message_look, name="message_look"),
    path("messages/<slug:touchpoint>/preview/", pages.message_preview, name="message_preview_of"),
]
