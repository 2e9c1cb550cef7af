"""Addresses of the webhook pages, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.pages import webhook_deliveries, webhooks

webhook_settings = [
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/new/", webhooks.add, name="add_webhook"),
    path("webhooks/deliveries/", webhook_deliveries.deliveries, name="webhook_deliveries"),
    path("webhooks/deliveries/<str:delivery_id>/", webhook_deliveries.delivery, name="webhook_delivery"),
    path("webhooks/deliveries/<str:delivery_id>/resend/", webhook_deliveries.resend, name="resend_webhook"),
    path("webhooks/<str:endpoint_id>/", webhooks.endpoint, name="webhook"),
    path("webhooks/<str:endpoint_id>/edit/", webhooks.edit, name="edit_webhook"),
    path("webhooks/<str:endpoint_id>/test/", webhooks.test, name="test_webhook"),
    path("webhooks/<str:endpoint_id>/pause/", webhooks.pause, name="pause_webhook"),
    path("webhooks/<str:endpoint_id>/resume/", webhooks.resume, name="resume_webhook"),
    path("webhooks/<str:endpoint_id>/rotate/", webhooks.rotate, name="rotate_webhook"),
    path("webhooks/<str:endpoint_id>/delete/", webhooks.delete, name="delete_webhook"),
    path("webhooks/<str:endpoint_id>/resend/", webhooks.resend, name="resend_webhooks"),
]
